import MoldauFormat
import Testing

/// Bytes that another implementation compressed.
struct Sample: Sendable, CustomTestStringConvertible {
  let codec: CompressionCodec
  /// Who wrote the bytes.
  let writer: String
  let decodedByteCount: Int
  /// The CRC-32C of what the bytes decode to.
  let decodedChecksum: UInt32
  /// The lengths of the prefixes that are complete by themselves: snappy's framing has no end mark.
  var completePrefixes: [Int] = []
  /// False for a block without framing, behind which nothing can stand.
  var canBeJoined = true
  /// Bytes in hexadecimal; `ff*40` stands for 40 times ff.
  let hex: String

  var testDescription: String { "\(codec) by \(writer)" }

  var bytes: [UInt8] {
    hex.split(whereSeparator: \.isWhitespace).flatMap { word in
      let parts = word.split(separator: "*")
      let digits = Array(parts[0].utf8)
      let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
        value(of: digits[index]) << 4 | value(of: digits[index + 1])
      }
      let times = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
      return Array(repeatElement(bytes, count: times).joined())
    }
  }

  private func value(of digit: UInt8) -> UInt8 {
    digit >= UInt8(ascii: "a") ? digit - UInt8(ascii: "a") + 10 : digit - UInt8(ascii: "0")
  }

  static let all: [Sample] = [
    KafkaBatches.gzip,
    KafkaBatches.zstd,
    Sample(
      codec: .gzip, writer: "Java 17 GZIPOutputStream", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D,
      hex: """
        1f8b08000000000000ffab56ca4c51b232d0512a2d4e2d52b2522a3550aae5aa060b1a22040de18246084123b8a0
        3142d0182e68821034810b9a22044de18266084133b8a039aa930095f0adc4a8000000
        """),
    Sample(
      codec: .snappy, writer: "snappy-java 1.1.8.3", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D, completePrefixes: [16],
      hex: """
        82534e415050590000000001000000010000005aa801507b226964223a302c2275736572223a227530227d0a0915
        00311915003115150032191500321515003319150033151500341915003415150035191500351515003619150036
        151538372c2275736572223a227530227d0a
        """),
    Sample(
      codec: .snappy, writer: "snappy-java 1.1.8.3, blocks of 1 KiB", decodedByteCount: 1750,
      decodedChecksum: 0xE3E66AB5, completePrefixes: [16, 329],
      hex: """
        82534e41505059000000000100000001000001358008507b226964223a302c2275736572223a227530227d0a0915
        00311915003115150032191500321515003319150033151500341915003415150035191500351515003619150036
        151500371915199300381915199300391915199300311dd3199400311dd4199500311dd5199600311dd619970031
        1dd7199800311dd8199900311dd91d9a1dda1d9a1ddb1d9a1ddc199a00321ddc199a00321ddc199a00321ddc0031
        355d00321ddc199a00321ddc199a00321ddc199a00321ddc1d9a1ddc1d9a1ddc1d9a1ddc199a00331ddc199a0033
        1ddc199a00331ddc199a00331ddc199a00331ddc199a00331ddc199a00331ddc1d9a1ddc1d9a1ddc1d9a1ddc199a
        00341ddc199a00341ddc199a00341ddc199a00341ddc199a00341ddc199a00341ddc199a3c34362c227573657222
        3a227534227d0a000000e4d605547b226964223a34372c2275736572223a227535227d0a0d160038191600361916
        00391916003015160435301916003119160031191600321916003219160033191600331916003419160034191619
        9a0435351916199a04353619161d9a1ddc1d9a1ddc1d9a1ddc199a00361ddc199a00361ddc199a00361ddc199a00
        361ddc199a00361ddc199a00361ddc199a00361ddc1d9a1ddc1d9a1ddc1d9a1ddc199a00371ddc199a00371ddc19
        9a00371ddc199a00371ddc199a00371ddc199a00371ddc199a00371ddc1d9a1ddc1d9a1ddc1d9a38392c22757365
        72223a227532227d0a
        """),
    Sample(
      codec: .snappy, writer: "snappy-java 1.1.8.3, no framing", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D, canBeJoined: false,
      hex: """
        a801507b226964223a302c2275736572223a227530227d0a09150031191500311515003219150032151500331915
        0033151500341915003415150035191500351515003619150036151538372c2275736572223a227530227d0a
        """),
    Sample(
      codec: .lz4, writer: "lz4-java 1.8.0 in the form of Kafka", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D,
      hex: """
        04224d1860408253000000f2067b226964223a302c2275736572223a227530227d0a150016311500153115001632
        15001532150016331500153315001634150015341500163515001535150016361500153615001537150050753022
        7d0a00000000
        """),
    Sample(
      codec: .lz4, writer: "lz4-java 1.8.0, checksums of blocks and content", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D,
      hex: """
        04224d187440bd53000000f2067b226964223a302c2275736572223a227530227d0a150016311500153115001632
        15001532150016331500153315001634150015341500163515001535150016361500153615001537150050753022
        7d0ad00d8f9f00000000e09074d7
        """),
    Sample(
      codec: .lz4, writer: "kafka-python, content size in the header", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D,
      hex: """
        04224d186840a800000000000000b753000000f2067b226964223a302c2275736572223a227530227d0a15001631
        15001531150016321500153215001633150015331500163415001534150016351500153515001636150015361500
        15371500507530227d0a00000000
        """),
    Sample(
      codec: .zstd, writer: "python-zstandard, no content size", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D,
      hex: """
        28b52ffd00582d020064027b226964223a302c2275736572223a227530227d0a3131323233333434353536363730
        227d0a0e00600b2807360345c03e5018d802ca81cd4011b00f1406b688c36402
        """),
    Sample(
      codec: .zstd, writer: "python-zstandard, content size and checksum", decodedByteCount: 168,
      decodedChecksum: 0x2C039D3D,
      hex: """
        28b52ffd24a82d020064027b226964223a302c2275736572223a227530227d0a3131323233333434353536363730
        227d0a0e00600b2807360345c03e5018d802ca81cd4011b00f1406b688c36402e6956da7
        """),
    Sample(
      codec: .lz4, writer: "lz4 1.9.4, linked blocks with checksums", decodedByteCount: 200000,
      decodedChecksum: 0xA998239F,
      hex: """
        04224d185c40400d030000000000dc0b0100001f000100 ff*256
        e7500000000000eb8972270b0100001f000100 ff*256 e7500000000000eb8972270b0100001f000100
        ff*256 e7500000000000eb897227180000001f000100 ff*13 34500000000000a753d28b00000000683cb0dc
        """),
  ]
}
