import MoldauFormat

/// How a record is printed.
package enum RecordFormat: Equatable, Sendable {
  /// The template's text, and then the delimiter.
  case text(RecordTemplate, delimiter: [UInt8])
  /// An object in a line of its own.
  case json

  /// Appends a record.
  ///
  /// HOT: once per record that is printed.
  func append(_ record: borrowing RecordView, of partition: TopicPartition, to text: inout [UInt8])
  {
    switch self {
    case .text(let template, let delimiter):
      template.append(record, of: partition, to: &text)
      text += delimiter
    case .json:
      JSONRecord.append(record, of: partition, to: &text)
    }
  }
}
