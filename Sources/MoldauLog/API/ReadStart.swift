public import MoldauFormat

/// Where in a partition reading begins.
public enum ReadStart: Hashable, Sendable {
  /// At the first record that is still there.
  case earliest
  /// Behind the last record that is there as of the call.
  case latest
  /// At the record of this offset, or the next one where compaction has removed it.
  case offset(Offset)
  /// At the first record with this timestamp or a later one, in milliseconds since 1970-01-01 00:00
  /// UTC; behind the last record when all are earlier.
  case time(Int64)
}
