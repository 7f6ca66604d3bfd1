/// A name and a value that travel with a record.
public struct RecordHeader: Hashable, Sendable {
  public var name: String
  /// Nil is a null value, which is not an empty one.
  public var value: [UInt8]?

  @inlinable
  public init(name: String, value: [UInt8]?) {
    self.name = name
    self.value = value
  }
}
