/// One line of what `moldau inspect` and `moldau verify` print: a segment, a batch, a problem.
///
/// The names of kinds and fields are those of the JSON form and stay as they are:
/// docs/command-line.md.
package struct ReportRow: Hashable, Sendable {
  package enum Kind: String, Sendable {
    case directory
    case topic
    case partition
    case segment
    case file
    case batch
    case record
    case offsetIndexEntry
    case timeIndexEntry
    case abortedTransaction
    case producer
    case leaderEpoch
    case checkpoint
    case property
    case journalFrame
    case journalEntry
    case note
    case problem
    case repair
    case summary
  }

  package struct Field: Hashable, Sendable {
    package var name: String
    package var value: FieldValue
    /// The column's title, where it is not the name's words.
    var heading: String?

    package init(_ name: String, _ value: FieldValue, heading: String? = nil) {
      self.name = name
      self.value = value
      self.heading = heading
    }
  }

  package var kind: Kind
  package var fields: [Field]

  package init(_ kind: Kind, _ fields: [Field]) {
    self.kind = kind
    self.fields = fields
  }

  /// The value of a field, none when the row has no such field.
  package subscript(name: String) -> FieldValue {
    fields.first { $0.name == name }?.value ?? .none
  }
}

extension ReportRow {
  /// Something that is wrong: the exit code is 1.
  static func problem(_ path: String, at position: Int? = nil, _ message: String) -> ReportRow {
    finding(.problem, path, at: position, message)
  }

  /// Something worth knowing that is not wrong.
  static func note(_ path: String, at position: Int? = nil, _ message: String) -> ReportRow {
    finding(.note, path, at: position, message)
  }

  static func finding(
    _ kind: Kind, _ path: String, at position: Int?, _ message: String
  ) -> ReportRow {
    ReportRow(
      kind,
      [
        Field("path", .text(path)), Field("position", .optional(position.map(Int64.init))),
        Field("message", .text(message)),
      ])
  }
}
