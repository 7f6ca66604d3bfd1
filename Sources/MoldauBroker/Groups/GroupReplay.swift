import MoldauFormat

/// Takes in the records of groups while a partition of the internal topic is read.
protocol GroupReplay: Sendable {
  /// Looks at a record that is no offset; it may be of another kind of group. A nil value is a
  /// tombstone.
  mutating func take(key: RawSpan, value: RawSpan?) throws(FormatError)

  /// The groups that are left at the end, with their timers as of `now`.
  mutating func finish(_ now: GroupTime) -> [String: any CoordinatedGroup]
}
