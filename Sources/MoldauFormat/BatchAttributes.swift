/// The flags of a record batch.
@usableFromInline
package struct BatchAttributes: RawRepresentable, Hashable, Sendable {
  @usableFromInline package var rawValue: Int16

  @inlinable
  package init(rawValue: Int16) {
    self.rawValue = rawValue
  }

  package init(
    codec: CompressionCodec = .none, isLogAppendTime: Bool = false, isTransactional: Bool = false,
    isControl: Bool = false
  ) {
    rawValue =
      Int16(codec.rawValue) | (isLogAppendTime ? Self.logAppendTimeBit : 0)
      | (isTransactional ? Self.transactionalBit : 0) | (isControl ? Self.controlBit : 0)
  }

  @inlinable package static var codecMask: Int16 { 0x07 }
  @usableFromInline static let logAppendTimeBit: Int16 = 0x08
  @usableFromInline static let transactionalBit: Int16 = 0x10
  @usableFromInline static let controlBit: Int16 = 0x20
  @usableFromInline static let deleteHorizonBit: Int16 = 0x40

  /// How the records are compressed; nil for the codes that name no codec.
  @inlinable
  package var codec: CompressionCodec? {
    CompressionCodec(rawValue: Int8(truncatingIfNeeded: rawValue & 0x07))
  }

  /// The same with the records compressed in another way.
  package func with(_ codec: CompressionCodec) -> BatchAttributes {
    BatchAttributes(rawValue: rawValue & ~Self.codecMask | Int16(codec.rawValue))
  }

  /// Whether every record bears the batch's maximum timestamp, set by the broker.
  @usableFromInline package var isLogAppendTime: Bool {
    @inlinable get { rawValue & 0x08 != 0 }
    set { set(Self.logAppendTimeBit, newValue) }
  }

  /// Whether the batch belongs to a transaction.
  @usableFromInline package var isTransactional: Bool {
    @inlinable get { rawValue & 0x10 != 0 }
    set { set(Self.transactionalBit, newValue) }
  }

  /// Whether the batch holds a marker of the broker's instead of users' records.
  @usableFromInline package var isControl: Bool {
    @inlinable get { rawValue & 0x20 != 0 }
    set { set(Self.controlBit, newValue) }
  }

  /// Whether the base timestamp is the time from which tombstones may go.
  @usableFromInline package var hasDeleteHorizon: Bool {
    @inlinable get { rawValue & 0x40 != 0 }
    set { set(Self.deleteHorizonBit, newValue) }
  }

  private mutating func set(_ bit: Int16, _ isOn: Bool) {
    rawValue = isOn ? rawValue | bit : rawValue & ~bit
  }
}
