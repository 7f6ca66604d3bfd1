/// A node whose data are not what docs/format/coordination-nodes.md says. Nothing was changed.
package struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var description: String { "node \(path): \(reason)" }
}
