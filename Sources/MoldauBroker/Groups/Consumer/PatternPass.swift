/// The search for the topics that one pattern matches, in turns.
///
/// Heartbeats are answered on event loops, so none may take long: each does a bounded part.
struct PatternPass: Sendable {
  let pattern: TopicPattern
  /// The version of the catalog whose topics are looked through.
  let version: UInt64
  /// Those that match, as far as they are found.
  private(set) var names: Set<String> = []
  private let candidates: [String]
  private var next = 0

  init(_ pattern: TopicPattern, among candidates: [String], version: UInt64) {
    self.pattern = pattern
    self.candidates = candidates
    self.version = version
  }

  /// Goes on until all topics are looked at, then it returns true, or no steps are left.
  mutating func proceed(takingOff steps: inout Int) -> Bool {
    while next < candidates.count {
      guard steps > 0 else { return false }
      let name = candidates[next]
      if pattern.matches(name, takingOff: &steps) { names.insert(name) }
      next += 1
    }
    return true
  }
}
