/// Where the record batches of a message are; the message never holds a copy of them.
package enum Records: Equatable, Sendable {
  case null
  /// Decoded: `count` bytes at byte `offset` of the frame that was read.
  case inFrame(offset: Int, count: Int)
  /// To encode: `count` bytes that the sender puts into the stream at this place; `slice` says
  /// which of its slices (see `ProtocolWriter.Cut`).
  case outOfBand(slice: Int, count: Int)
  /// To encode: these bytes.
  case bytes([UInt8])

  /// The bytes of all batches together.
  package var count: Int {
    switch self {
    case .null: 0
    case .inFrame(_, let count), .outOfBand(_, let count): count
    case .bytes(let bytes): bytes.count
    }
  }
}

extension Records: WireValue {
  package init() { self = .null }

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    let isCompact = coder.isFlexible
    if coder.isDecoding {
      guard let count = try coder.reader.bytesLength(isCompact: isCompact) else {
        self = .null
        return
      }
      self = .inFrame(offset: try coder.reader.take(count), count: count)
      return
    }
    switch self {
    case .null:
      coder.writer.bytesLength(nil, isCompact: isCompact)
    case .inFrame:
      preconditionFailure("records of a frame that was read are sent out of band")
    case .outOfBand(let slice, let count):
      coder.writer.bytesLength(count, isCompact: isCompact)
      coder.writer.cut(slice: slice, count: count)
    case .bytes(let bytes):
      coder.writer.bytesLength(bytes.count, isCompact: isCompact)
      // SAFETY: the array is read within the call.
      unsafe bytes.withUnsafeBytes { unsafe coder.writer.append($0) }
    }
  }
}
