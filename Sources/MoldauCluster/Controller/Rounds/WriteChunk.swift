internal import MoldauCoordination

/// Writes of one stage that go to the service as one, behind the check that fences controllers.
struct WriteChunk: Sendable {
  /// The numbers of the writes in their round.
  var writes: [Int]

  /// Divides writes into chunks that the service takes, in their order.
  static func chunks(of numbers: [Int], in writes: [PlannedWrite]) -> [WriteChunk] {
    var chunks: [WriteChunk] = []
    var count = 0
    var bytes = 0
    for number in numbers {
      let operations = writes[number].operations
      let size = operations.reduce(0) { $0 + $1.byteCount }
      let isFull =
        count + operations.count > Limits.operationsPerWrite || bytes + size > Limits.bytesPerWrite
      if chunks.isEmpty || isFull {
        chunks.append(WriteChunk(writes: []))
        (count, bytes) = (0, 0)
      }
      chunks[chunks.count - 1].writes.append(number)
      count += operations.count
      bytes += size
    }
    return chunks
  }

  /// What is sent. The first operation fences a controller that has been replaced.
  func operations(_ writes: [PlannedWrite], epochVersion: Int32) -> [CoordinationOperation] {
    [.check(path: ClusterPath.controllerEpoch, version: epochVersion)]
      + self.writes.flatMap { writes[$0].operations }
  }

  /// Which write an operation of the chunk belongs to, and which of its operations it is; nil for
  /// the check in front.
  func write(ofOperation operation: Int, _ writes: [PlannedWrite]) -> (write: Int, operation: Int)?
  {
    var rest = operation - 1
    guard rest >= 0 else { return nil }
    for number in self.writes {
      let count = writes[number].operations.count
      if rest < count { return (number, rest) }
      rest -= count
    }
    return nil
  }

  /// An operation from whose node it can be seen whether the chunk was written.
  func evidence(_ writes: [PlannedWrite]) -> CoordinationOperation? {
    let operations = self.writes.lazy.flatMap { writes[$0].operations }
    return operations.first { if case .set = $0 { true } else { false } }
      ?? operations.first { if case .create = $0 { true } else { false } }
      ?? operations.last { if case .delete = $0 { true } else { false } }
  }
}

extension CoordinationOperation {
  /// About what the service counts against its limit.
  var byteCount: Int {
    switch self {
    case .create(let path, let data, _), .set(let path, let data, _):
      path.utf8.count + data.count + 64
    case .delete(let path, _), .check(let path, _): path.utf8.count + 32
    }
  }

  /// Whether the node that was read after an unknown outcome shows that the operation was made.
  func isShown(by read: Result<CoordinationAnswer, CoordinationError>) -> Bool {
    switch (self, read) {
    case (.set(_, let data, let version), .success(.data(let found, let stat))):
      found == data && version.map { stat.version == $0 + 1 } ?? true
    case (.create(_, let data, _), .success(.data(let found, _))): found == data
    case (.delete, .failure(.refused(.noNode, _))): true
    default: false
    }
  }
}
