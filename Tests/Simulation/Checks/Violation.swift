/// Something that must never be.
struct Violation: Error, CustomStringConvertible {
  /// The invariant's number in docs/replication.md, or what was promised to clients.
  var law: String
  var detail: String

  var description: String { "\(law): \(detail)" }
}
