/// The position of a record in its partition, counted in records from 0.
public struct Offset: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The number of records before it.
  public var rawValue: Int64

  /// The offset with this number.
  @inlinable
  public init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  /// The first offset of a partition.
  public static let zero = Offset(rawValue: 0)

  /// Returns the offset `count` records further on; traps on overflow.
  @inlinable
  public func advanced(by count: Int64) -> Offset {
    Offset(rawValue: rawValue + count)
  }

  @inlinable
  public static func < (left: Offset, right: Offset) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The number of records from `right` to `left`.
  @inlinable
  public static func - (left: Offset, right: Offset) -> Int64 {
    left.rawValue - right.rawValue
  }

  public var description: String { String(rawValue) }
}

/// A range of offsets can be counted and walked through.
extension Offset: Strideable {
  /// The number of records from this offset to the other.
  @inlinable
  public func distance(to other: Offset) -> Int64 {
    other.rawValue - rawValue
  }
}
