internal import MoldauCoordination

/// How a round is written: stage by stage, each in chunks that are under way at once.
///
/// A chunk whose answer is lost is unknown: the tree is read, and compared with what was to be
/// written, before it is sent again; compare-and-set does the rest (rule 16 of
/// docs/replication.md).
extension ControllerMachine {
  /// Sends the round's next stage that has something to write; without one the round is over.
  mutating func sendStage() {
    guard var office, var round = office.round else { return }
    while round.outcomes.contains(where: { $0 == nil }) {
      let stage = round.stage
      round.stage += 1
      var numbers: [Int] = []
      for (number, write) in round.writes.enumerated()
      where write.stage == stage && round.outcomes[number] == nil {
        if let before = write.after, round.outcomes[before] != .made {
          round.outcomes[number] = .omitted
        } else {
          numbers.append(number)
        }
      }
      guard !numbers.isEmpty else { continue }
      var sent: [Int] = []
      for chunk in WriteChunk.chunks(of: numbers, in: round.writes) {
        round.chunks[round.chunkCount] = chunk
        sent.append(round.chunkCount)
        round.chunkCount += 1
      }
      office.round = round
      self.office = office
      for number in sent { send(chunk: number) }
      return
    }
    office.round = round
    self.office = office
    finishRound()
  }

  private mutating func send(chunk number: Int) {
    guard let office, let round = office.round, let chunk = round.chunks[number] else { return }
    let operations = chunk.operations(round.writes, epochVersion: office.epochVersion)
    ask([.write(operations)], .write(number))
  }

  mutating func written(
    _ number: Int, _ result: Result<CoordinationAnswer, CoordinationError>
  ) {
    guard let round = office?.round, let chunk = round.chunks[number] else { return }
    switch result {
    case .success:
      conclude(number, chunk.writes, .made)
    case .failure(.refused(let refusal, let operation)):
      guard let (write, operation) = chunk.write(ofOperation: operation, round.writes) else {
        log(.warning, "another controller has taken over")
        // Nothing of it was made.
        office?.round?.chunks[number] = nil
        return resign()
      }
      refuse(write, .refused(refusal, operation: operation), in: number)
    case .failure(.connectionLost):
      log(.info, "whether the controller's changes were made is not known")
      retry(evidenceRequests(number), .evidence(number))
    case .failure(let error):
      log(.error, "changes of the cluster failed: \(error)")
      conclude(number, chunk.writes, .failed("\(error)"))
    }
  }

  /// One write stands in the others' way: they are sent again without it.
  private mutating func refuse(_ write: Int, _ outcome: WriteOutcome, in number: Int) {
    office?.round?.outcomes[write] = outcome
    office?.round?.chunks[number]?.writes.removeAll { $0 == write }
    guard let rest = office?.round?.chunks[number]?.writes, !rest.isEmpty else {
      return conclude(number, [], outcome)
    }
    send(chunk: number)
  }

  private mutating func conclude(_ number: Int, _ writes: [Int], _ outcome: WriteOutcome) {
    for write in writes { office?.round?.outcomes[write] = outcome }
    office?.round?.chunks[number] = nil
    guard office?.round?.chunks.isEmpty ?? false else { return }
    sendStage()
    advance()
  }

  /// Reads what shows whether a chunk was written, after all that was written before.
  private func evidenceRequests(_ number: Int) -> [CoordinationRequest] {
    guard let round = office?.round,
      let path = round.chunks[number]?.evidence(round.writes)?.path
    else { return [] }
    return [.sync(path: path), .data(path: path, watches: false)]
  }

  mutating func sawEvidence(
    _ number: Int, _ results: [Result<CoordinationAnswer, CoordinationError>]
  ) {
    guard let round = office?.round, let chunk = round.chunks[number] else { return }
    guard results.count == 2, results[0] == .success(.synced), results[1].isAnswer else {
      return retry(evidenceRequests(number), .evidence(number))
    }
    if chunk.evidence(round.writes)?.isShown(by: results[1]) ?? false {
      conclude(number, chunk.writes, .made)
    } else {
      send(chunk: number)
    }
  }
}

extension Result<CoordinationAnswer, CoordinationError> {
  /// Whether the service has answered, also that there is no such node.
  var isAnswer: Bool {
    switch self {
    case .success: true
    case .failure(let error): error.refusal != nil
    }
  }
}
