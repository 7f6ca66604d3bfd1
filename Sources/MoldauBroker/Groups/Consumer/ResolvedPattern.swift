/// A pattern of a member and the topics that it matched when last looked at.
struct ResolvedPattern: Sendable {
  let pattern: TopicPattern
  let names: Set<String>
  /// The version of the catalog then; nil: never looked at.
  let version: UInt64?

  init(_ pattern: TopicPattern, names: Set<String> = [], version: UInt64? = nil) {
    self.pattern = pattern
    self.names = names
    self.version = version
  }
}
