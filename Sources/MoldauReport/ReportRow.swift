/// One line of what a command prints: a topic, a segment, a problem.
///
/// The names of kinds and fields are those of the JSON form and stay as they are:
/// docs/command-line.md.
package struct ReportRow: Hashable, Sendable {
  /// What a row is about, and how it stands on a page for people.
  package struct Kind: Hashable, Sendable {
    package enum Layout: Hashable, Sendable {
      /// A line of a table whose columns are the fields.
      case table
      /// A line a field.
      case lines
      /// A sentence: the fields are path, position and message.
      case message
      /// A record, in a line of its own that does not end the table around it.
      case record
    }

    /// The row's type in JSON.
    package let name: String
    package let layout: Layout

    package init(_ name: String, _ layout: Layout = .table) {
      self.name = name
      self.layout = layout
    }

    package static let record = Kind("record", .record)
    /// Worth knowing, and not wrong.
    package static let note = Kind("note", .message)
    /// Wrong: the exit code is 1.
    package static let problem = Kind("problem", .message)
    package static let repair = Kind("repair", .message)
    package static let summary = Kind("summary", .lines)
  }

  package struct Field: Hashable, Sendable {
    package var name: String
    package var value: FieldValue
    /// The column's title, where it is not the name's words.
    package var heading: String?

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
  package static func problem(_ path: String, at position: Int? = nil, _ message: String)
    -> ReportRow
  {
    finding(.problem, path, at: position, message)
  }

  /// Something worth knowing that is not wrong.
  package static func note(_ path: String, at position: Int? = nil, _ message: String) -> ReportRow
  {
    finding(.note, path, at: position, message)
  }

  package static func finding(
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
