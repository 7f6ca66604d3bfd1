/// Which records of transactions a reader sees.
package enum Isolation: Int8, CaseIterable, Sendable {
  /// All, also of transactions that are open or were aborted.
  case readUncommitted = 0
  /// None of open or aborted transactions; reading stops where an open one begins.
  case readCommitted = 1
}
