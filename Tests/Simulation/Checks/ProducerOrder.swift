/// What producers have written to a partition, in the order of its offsets: their epochs never fall, and
/// their numbers have no hole and come once (I10).
struct ProducerOrder {
  private struct Last {
    var epoch: Int16
    var sequence: Int32
    var base: Int64
  }

  private var lasts: [Int64: Last] = [:]

  /// Takes the next record into account; returns what is wrong with it, nil when nothing is.
  mutating func add(_ record: LoggedRecord) -> String? {
    guard record.producerID >= 0 else { return nil }
    let new = Last(
      epoch: record.producerEpoch, sequence: record.lastSequence, base: record.base)
    guard let last = lasts.updateValue(new, forKey: record.producerID) else { return nil }
    if last.base == record.base { return nil }
    let name = "producer \(record.producerID)'s batch at \(record.base)"
    if record.producerEpoch < last.epoch {
      return "\(name) is of its epoch \(record.producerEpoch), behind one of \(last.epoch)"
    }
    let expected = record.producerEpoch > last.epoch ? 0 : last.sequence + 1
    guard record.firstSequence == expected else {
      return "\(name) begins with its number \(record.firstSequence), not \(expected)"
    }
    return nil
  }
}
