/// What can be a record's key or value: bytes, or text, which becomes UTF-8.
public protocol RecordBytes {
  /// The bytes as they are stored.
  var recordBytes: [UInt8] { get }
}

extension [UInt8]: RecordBytes {
  @inlinable
  public var recordBytes: [UInt8] { self }
}

extension ArraySlice<UInt8>: RecordBytes {
  @inlinable
  public var recordBytes: [UInt8] { Array(self) }
}

extension String: RecordBytes {
  @inlinable
  public var recordBytes: [UInt8] { Array(utf8) }
}

extension Substring: RecordBytes {
  @inlinable
  public var recordBytes: [UInt8] { Array(utf8) }
}
