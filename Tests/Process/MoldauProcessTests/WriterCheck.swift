import MoldauDisk
import MoldauLoad
import MoldauLog
import Testing

/// What the writer process was told to have been kept, and whether a log has it.
struct WriterCheck {
  let partitionCount: Int
  /// The last offset that was acknowledged, by partition.
  private(set) var acknowledged: [Int: Int64] = [:]

  init(partitionCount: Int) {
    self.partitionCount = partitionCount
  }

  /// Takes a line of the writer's.
  mutating func note(_ line: String) throws {
    let words = line.split(separator: " ")
    let partition = try #require(words.first.flatMap { Int($0) }, "\(line)")
    let offset = try #require(words.last.flatMap { Int64($0) }, "\(line)")
    note(partition: partition, offset: offset)
  }

  mutating func note(partition: Int, offset: Int64) {
    acknowledged[partition] = max(acknowledged[partition] ?? -1, offset)
  }

  /// Opens the store and reads all of it: every acknowledged record is there, in order, and nothing
  /// else but what the writer may have appended behind them.
  ///
  /// With `allowsLoss` records may be missing, as after a power cut with a buffered log; but none is
  /// another one than was written, and none is out of order.
  func check(_ path: String, allowsLoss: Bool = false) throws {
    let store = try LogStore.open(
      at: path, StoreConfiguration(), disk: SystemDisk(), clock: SystemWallClock())
    #expect(store.recovery.damages.isEmpty || allowsLoss, "\(store.recovery)")
    guard let topic = store.existingTopic(WriterLoad.topic) else {
      #expect(acknowledged.isEmpty || allowsLoss, "the topic is lost")
      return try store.closeBlocking()
    }
    for partition in 0..<topic.partitionCount {
      let end = try read(topic, partition, allowsLoss: allowsLoss)
      if !allowsLoss, let last = acknowledged[partition] {
        #expect(
          end > last, "partition \(partition): \(last) was acknowledged, the log ends at \(end)")
      }
    }
    try store.closeBlocking()
  }

  /// Reads a partition; returns its end.
  private func read(_ topic: Topic, _ partition: Int, allowsLoss: Bool) throws -> Int64 {
    var next: Int64 = 0
    var wrong: Int64?
    try topic.scan(from: .earliest, partition: partition) { record in
      let offset = record.offset.rawValue
      let expected = WriterLoad.value(partition: partition, offset: offset)
      var value: [UInt8]?
      if let bytes = record.value {
        // SAFETY: the bytes are copied while they are borrowed.
        value = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
      }
      let isNext = allowsLoss ? offset >= next : offset == next
      if !isNext || value != expected { wrong = wrong ?? offset }
      next = offset + 1
    }
    #expect(wrong == nil, "partition \(partition): another record at offset \(wrong ?? 0)")
    let end = topic.partitions[partition].endOffset.rawValue
    #expect(allowsLoss ? end >= next : end == next)
    return end
  }
}
