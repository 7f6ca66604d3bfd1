/// Which records of transactions a reader sees. Records outside transactions are always seen.
public enum ReadIsolation: Hashable, Sendable {
  /// All of them.
  case readUncommitted
  /// Those of committed transactions; reading stops before the first that is still open.
  case readCommitted
}
