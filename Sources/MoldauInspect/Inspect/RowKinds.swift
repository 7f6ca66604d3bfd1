package import MoldauReport

extension ReportRow.Kind {
  package static let directory = Self("directory", .lines)
  package static let topic = Self("topic", .lines)
  package static let partition = Self("partition")
  package static let segment = Self("segment")
  package static let file = Self("file")
  package static let batch = Self("batch")
  package static let offsetIndexEntry = Self("offsetIndexEntry")
  package static let timeIndexEntry = Self("timeIndexEntry")
  package static let abortedTransaction = Self("abortedTransaction")
  package static let producer = Self("producer")
  package static let leaderEpoch = Self("leaderEpoch")
  package static let checkpoint = Self("checkpoint")
  package static let property = Self("property")
  package static let journalFrame = Self("journalFrame")
  package static let journalEntry = Self("journalEntry")
}
