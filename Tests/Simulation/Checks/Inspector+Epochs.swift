import MoldauFormat
import MoldauLog

extension Inspector {
  /// The list of epochs grows in epoch and offset, and says what the batches say (I8).
  func checkEpochs(
    _ partition: TopicPartition, _ node: Node, _ log: PartitionLog, _ view: View, before old: View
  ) throws {
    var runs = tracked[partition]?.runs[node.id] ?? EpochRuns()
    var next = min(old.end, view.end)
    // What was cut and appended within one event shows in the epochs only.
    let isOther =
      view.startCount != old.startCount || view.end < old.end
      || view.start > old.end || view.epochs != old.epochs
    if isOther {
      runs = EpochRuns()
      next = view.start
    }
    next = max(next, view.start)
    for batch in try log.batches(from: next, to: view.end) {
      runs.add(epoch: batch.epoch, at: batch.base)
    }
    tracked[partition]?.runs[node.id] = runs
    if let fault = runs.fault(of: view.epochs, start: view.start, end: view.end) {
      history.fail("\(partition): the list of epochs on \(node.id) is wrong: \(fault)", law: "I8")
    }
  }
}
