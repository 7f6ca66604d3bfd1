package import MoldauFormat

/// Partitions as they are given on a command line.
package enum PartitionText {
  /// Reads `TOPIC:PARTITION`.
  package static func partition(_ text: String) throws(ArgumentFailure) -> TopicPartition {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
      let number = Int32(text[text.index(after: colon)...]), number >= 0
    else { throw ArgumentFailure("\"\(text)\" is not TOPIC:PARTITION") }
    return TopicPartition(topic: String(text[..<colon]), partition: number)
  }

  /// Reads `TOPIC:PARTITION=BROKER,BROKER…`.
  package static func move(
    _ text: String
  ) throws(ArgumentFailure) -> (partition: TopicPartition, replicas: [Int32]) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw ArgumentFailure("\"\(text)\" is not TOPIC:PARTITION=BROKER,BROKER…")
    }
    var replicas: [Int32] = []
    for part in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      guard let broker = Int32(part), broker >= 0 else {
        throw ArgumentFailure("\"\(part)\" in \"\(text)\" is no broker's number")
      }
      replicas.append(broker)
    }
    return (try partition(String(parts[0])), replicas)
  }
}
