/// A name and a value that travel with a record.
public struct RecordHeader: Hashable, Sendable {
  /// What the header is called; several of a record may have one name.
  public var name: String
  /// Nil is a null value, which is not an empty one.
  public var value: [UInt8]?

  /// A header with this name and value.
  @inlinable
  public init(name: String, value: [UInt8]?) {
    self.name = name
    self.value = value
  }
}
