import MoldauFormat

/// Bytes that Apache Kafka 3.8.1 wrote.
enum Golden {
  /// Ten records of a transaction, uncompressed: keys "0" to "9", values "commit-0-0" and so on.
  static let transactionalBatch = hex(
    """
    0000000000000000000000e500000000020ee5a6fd001000000009000001a20bbc20f2000001a20bbc20f2000000
    00000000010000000000000000000a22000000023014636f6d6d69742d302d300022000002023114636f6d6d6974
    2d302d310022000004023214636f6d6d69742d302d320022000006023314636f6d6d69742d302d33002200000802
    3414636f6d6d69742d302d34002200000a023514636f6d6d69742d302d35002200000c023614636f6d6d69742d30
    2d36002200000e023714636f6d6d69742d302d370022000010023814636f6d6d69742d302d380022000012023914
    636f6d6d69742d302d3900
    """)

  static let transactionalRecords = (0..<10).map { index in
    OwnedRecord(
      offset: index, timestampMilliseconds: 0x1A2_0BBC_20F2, key: Array("\(index)".utf8),
      value: Array("commit-0-\(index)".utf8))
  }

  static let commitMarker = hex(
    """
    000000000000000a000000420000000002ce1fdcfc003000000000000001a20bbc2180000001a20bbc2180000000
    00000000010000ffffffff000000012000000008000000010c00000000000000
    """)

  static let abortMarker = hex(
    """
    00000000000000200000004200000000023412b8a8003000000000000001a20bbc21fc000001a20bbc21fc000000
    00000000010000ffffffff000000012000000008000000000c00000000000000
    """)

  /// Keys and values null or empty, and a record whose text is not ASCII with four headers.
  static let oddRecords = [
    OwnedRecord(
      offset: 0, timestampMilliseconds: 0x1A2_0BBC_18AB, key: Array("tombstone".utf8), value: nil),
    OwnedRecord(offset: 1, timestampMilliseconds: 0x1A2_0BBC_18AB, key: [], value: []),
    OwnedRecord(
      offset: 2, timestampMilliseconds: 0x1A2_0BBC_18AB, key: nil, value: hex("00ff")),
    OwnedRecord(
      offset: 3, timestampMilliseconds: 0x1A2_0BBC_18AB, key: hex("ed82a4"),
      value: hex("ed959ceab5adec96b420eab092"),
      headers: [
        RecordHeader(name: "빈", value: nil), RecordHeader(name: "empty", value: []),
        RecordHeader(name: "dup", value: Array("1".utf8)),
        RecordHeader(name: "dup", value: Array("2".utf8)),
      ]),
  ]

  /// The records above as a client wrote them, without a header.
  static let oddRecordBytes = hex(
    """
    1e00000012746f6d6273746f6e6501000c00000200000010000004010400ff00
    5c00000606ed82a41aed959ceab5adec96b420eab0920806ebb988010a656d70747900066475700231066475700232
    """)

  /// Headers without their records, by what the attributes say.
  static let gzipHeader = hex(
    """
    000000000000000000000e2100000000027495589c0001000000270000018bcfe572c50000018bcfe60058ffffff
    ffffffffffffffffffffff00000028
    """)

  static let zstdHeader = hex(
    """
    0000000000000000000009be0000000002326d7bfb0004000000270000018bcfe566f10000018bcfe60058ffffff
    ffffffffffffffffffffff00000028
    """)

  static let logAppendTimeHeader = hex(
    """
    00000000000000000000021b00000000028fca76de000800000031000001a20bbc18ab000001a20bbc1cbf000000
    000000000000000000000000000032
    """)

  /// Compacted: the base timestamp is the delete horizon, above every record's timestamp.
  static let deleteHorizonHeader = hex(
    """
    000000000000019000001e0600000000020bcffcff004000000063000001a20bbc88d0000001a20bbc4743000000
    000000000000000000019000000064
    """)

  static let offsetIndex = hex("0000004f000010e7 000000770000243a")
  static let timeIndex = hex("0000018bcfe69c980000004f 0000018bcfe738d800000077")
  static let transactionIndex = hex(
    """
    00000000000000000001000000000000001600000000000000200000000000000021
    00000000000000000001000000000000003700000000000000410000000000000042
    """)

  static let idempotentSnapshot = hex(
    """
    000126ff0495000000010000000000000000000000000031000000000000003100000031000001a20bbc1cbfffff
    ffffffffffffffffffff
    """)

  static let transactionalSnapshot = hex(
    """
    00014a07cba40000000100000000000000010000000000c700000000000000da00000009000001a20bbc24990000
    0000ffffffffffffffff
    """)

  static let groupOffsetKey = hex(
    "0001000d666978747572652d67726f7570000974776f2e706172747300000001")
  static let groupOffsetValue = hex("0003 0000000000000066 00000000 0000 000001a20bbc6546")
  static let groupMetadataKey = hex("0002000d666978747572652d67726f7570")
  static let emptyGroupValue = hex(
    "00030008636f6e73756d657200000002ffffffff000001a20bbc656900000000")
  static let stableGroupValue = hex(
    """
    00030008636f6e73756d657200000001000572616e6765002c72646b61666b612d64336265343438322d62373637
    2d346561632d616166382d383033363065333131666430000001a20bbc646e00000001002c72646b61666b612d64
    336265343438322d623736372d346561632d616166382d383033363065333131666430ffff000772646b61666b61
    000a2f3132372e302e302e31000493e00000afc80000001f000300000001000974776f2e70617274730000000000
    000000ffffffff000000000021000000000001000974776f2e706172747300000002000000000000000100000000
    """)
}
