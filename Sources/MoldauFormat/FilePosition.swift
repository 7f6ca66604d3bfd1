/// A distance in bytes from the start of a file.
public struct FilePosition: RawRepresentable, Hashable, Comparable, Sendable,
  CustomStringConvertible
{
  /// The number of bytes.
  public var rawValue: Int

  /// A position `rawValue` bytes from the start.
  @inlinable
  public init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// The start of a file.
  public static let zero = FilePosition(rawValue: 0)

  /// Returns the position `byteCount` bytes further on; traps on overflow.
  @inlinable
  public func advanced(by byteCount: Int) -> FilePosition {
    FilePosition(rawValue: rawValue + byteCount)
  }

  @inlinable
  public static func < (left: FilePosition, right: FilePosition) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The number of bytes from `right` to `left`.
  @inlinable
  public static func - (left: FilePosition, right: FilePosition) -> Int {
    left.rawValue - right.rawValue
  }

  public var description: String { String(rawValue) }
}
