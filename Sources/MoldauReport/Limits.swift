/// The bounds of this target, in one place.
enum Limits {
  /// Rows of one table that wait for their columns' widths.
  static let maxHeldRows = 256
  /// What a table shows of a record's key, value or header, in bytes.
  static let maxShownBytes = 200
}
