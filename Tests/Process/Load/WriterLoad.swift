package import MoldauFormat
package import MoldauLog

/// What the writer process appends: records whose values follow from their place in the log, so that
/// whoever reads a log can tell what must be in it.
package enum WriterLoad {
  package static let topic = "load"

  /// The value of the record at an offset of a partition.
  package static func value(partition: Int, offset: Int64) -> [UInt8] {
    let letter = UInt8(ascii: "a") + UInt8(truncatingIfNeeded: offset % 26)
    let padding = [UInt8](repeating: letter, count: Int(offset * 37 % 300))
    return Array("\(partition):\(offset):".utf8) + padding
  }

  /// Small segments, so that logs roll while they are killed.
  package static func configuration(partitionCount: Int) -> TopicConfiguration {
    TopicConfiguration(
      partitionCount: partitionCount, retention: [], compression: .producer, segmentBytes: 64 << 10)
  }

  package static func durability(named name: String) -> Durability? {
    switch name {
    case "buffered": .buffered
    case "group-commit": .groupCommit()
    case "every-append": .everyAppend
    default: nil
    }
  }

  /// Appends to a partition from the end of its log on, batch after batch, until an append fails.
  ///
  /// `acknowledge` is called after each batch with the last offset that was acknowledged.
  package static func run(
    _ topic: Topic, partition: Int, acknowledge: (Offset) -> Void
  ) -> LogError {
    var next = topic.partitions[partition].endOffset.rawValue
    while true {
      let count = next % 7 + 1
      let records = (next..<next + count).map {
        Record(value: value(partition: partition, offset: $0))
      }
      do throws(LogError) {
        let range =
          count == 1
          ? Self.range(of: try topic.appendBlocking(records[0], partition: partition))
          : try topic.appendBlocking(contentsOf: records, partition: partition)
        precondition(range.lowerBound.rawValue == next, "one writer a partition")
        next = range.upperBound.rawValue
        acknowledge(Offset(rawValue: next - 1))
      } catch {
        return error
      }
    }
  }

  private static func range(of offset: Offset) -> Range<Offset> {
    offset..<offset.advanced(by: 1)
  }
}
