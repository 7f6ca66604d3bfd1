package import MoldauFormat

/// A value with a form on the wire: a number, a string, an array, a structure, a whole message.
package protocol WireValue: Sendable {
  /// The value of a field that a message's version does not have.
  init()

  /// Reads or writes the value, in its wire order.
  mutating func code(with coder: inout FieldCoder) throws(ProtocolError)
}

/// A value that can also be null on the wire.
package protocol NullableWireValue: WireValue {
  /// Reads the value, or nil for null; the empty value stands for null where it is written.
  static func readNullable(with coder: inout FieldCoder) throws(ProtocolError) -> Self?
  static func writeNull(with coder: inout FieldCoder)
  /// Writes the value with what tells it from null.
  mutating func writePresent(with coder: inout FieldCoder) throws(ProtocolError)
}

extension NullableWireValue {
  /// A string's or an array's length tells it from null already.
  package mutating func writePresent(with coder: inout FieldCoder) throws(ProtocolError) {
    try code(with: &coder)
  }

  /// Reads a value that may not be null.
  static func read(with coder: inout FieldCoder) throws(ProtocolError) -> Self {
    let start = coder.reader.position
    guard let value = try readNullable(with: &coder) else {
      throw ProtocolError(.unexpectedNull, at: start)
    }
    return value
  }
}

extension Optional: WireValue where Wrapped: NullableWireValue {
  package init() { self = nil }

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    if coder.isDecoding {
      self = try Wrapped.readNullable(with: &coder)
    } else if var wrapped = self {
      try wrapped.writePresent(with: &coder)
    } else {
      Wrapped.writeNull(with: &coder)
    }
  }
}

extension FixedWidthInteger where Self: BitwiseCopyable {
  @inline(__always)
  mutating func codeFixedWidth(with coder: inout FieldCoder) throws(ProtocolError) {
    if coder.isDecoding {
      self = try coder.reader.integer()
    } else {
      coder.writer.integer(self)
    }
  }
}

extension Int8: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try codeFixedWidth(with: &coder)
  }
}

extension Int16: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try codeFixedWidth(with: &coder)
  }
}

extension UInt16: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try codeFixedWidth(with: &coder)
  }
}

extension Int32: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try codeFixedWidth(with: &coder)
  }
}

extension Int64: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try codeFixedWidth(with: &coder)
  }
}

extension Bool: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    var byte: Int8 = self ? 1 : 0
    try byte.codeFixedWidth(with: &coder)
    self = byte != 0
  }
}

extension TopicID: WireValue {
  package init() { self = .zero }

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    if coder.isDecoding {
      let high = try coder.reader.integer(UInt64.self)
      self = TopicID(high: high, low: try coder.reader.integer())
    } else {
      coder.writer.integer(high)
      coder.writer.integer(low)
    }
  }
}

extension ErrorCode: WireValue {
  package init() { self = .none }

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    var value = rawValue
    try value.codeFixedWidth(with: &coder)
    self = ErrorCode(rawValue: value)
    if !coder.isDecoding { coder.writer.note(self) }
  }
}

extension String: NullableWireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    if coder.isDecoding {
      self = try .read(with: &coder)
    } else {
      coder.writer.string(self, isCompact: coder.isFlexible)
    }
  }

  package static func readNullable(
    with coder: inout FieldCoder
  ) throws(ProtocolError) -> String? {
    guard let length = try coder.reader.stringLength(isCompact: coder.isFlexible) else {
      return nil
    }
    return try coder.reader.text(byteCount: length)
  }

  package static func writeNull(with coder: inout FieldCoder) {
    coder.writer.stringLength(nil, isCompact: coder.isFlexible)
  }
}

extension Array: WireValue where Element: WireValue {}

extension Array: NullableWireValue where Element: WireValue {
  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    if coder.isDecoding {
      self = try .read(with: &coder)
    } else {
      coder.writer.bytesLength(count, isCompact: coder.isFlexible)
      for var element in self { try element.code(with: &coder) }
    }
  }

  package static func readNullable(
    with coder: inout FieldCoder
  ) throws(ProtocolError) -> [Element]? {
    guard let count = try coder.reader.arrayCount(isCompact: coder.isFlexible) else { return nil }
    var elements: [Element] = []
    elements.reserveCapacity(Swift.min(count, Limits.reservedElementCount))
    for _ in 0..<count {
      var element = Element()
      try element.code(with: &coder)
      elements.append(element)
    }
    return elements
  }

  package static func writeNull(with coder: inout FieldCoder) {
    coder.writer.bytesLength(nil, isCompact: coder.isFlexible)
  }
}
