import MoldauLog
import MoldauProtocol

extension ConsumerGroup: CoordinatedGroup {
  static let type = GroupType.consumer

  var stateName: String { state.rawValue }
  var protocolType: String { "consumer" }
  var memberCount: Int { members.count }
  /// Its epoch outlives its members, so that whoever was one is told apart from new ones.
  var isForgettable: Bool { epoch == 0 && members.isEmpty && changes.isEmpty && inFlight.isEmpty }
  var nextDeadline: Int64? { earliestDeadline == .max ? nil : earliestDeadline }
  var offsetExpiry: OffsetExpiry { .unsubscribed }
  var tombstones: [GroupOffsets.Change] { Self.changes(deletionRecords) }

  mutating func timePassed(_ now: GroupTime, _ effects: inout GroupEffects) {
    guard !expire(now: now.steady).isEmpty else { return }
    emitRecords(&effects)
  }

  mutating func recordsStored(
    _ token: Int32, failure: ErrorCode?, _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    guard let written = inFlight.removeValue(forKey: token), failure != nil else { return }
    // They are made of what the group is then, so what came later is not undone.
    changes.formUnion(written)
  }

  mutating func checkCommit(by committer: GroupCommitter, _ now: GroupTime) -> ErrorCode {
    refusal(of: committer, isCommit: true)
  }

  func checkFetch(by committer: GroupCommitter) -> ErrorCode {
    refusal(of: committer, isCommit: false)
  }

  private func refusal(of committer: GroupCommitter, isCommit: Bool) -> ErrorCode {
    do throws(ConsumerGroupError) {
      try checkMember(committer.memberID, epoch: committer.epoch, isCommit: isCommit)
      return .none
    } catch {
      return error.code
    }
  }

  /// Has what is due written.
  ///
  /// While earlier records are on their way to the device, there is always one to write: so no
  /// answer leaves before all that it follows from is durable.
  mutating func emitRecords(_ effects: inout GroupEffects) {
    if !inFlight.isEmpty { changes.isEpochChanged = true }
    let due = dueRecords
    guard !due.isEmpty else { return }
    lastToken &+= 1
    inFlight[lastToken] = changes
    markWritten()
    effects.records += Self.changes(due)
    effects.storageToken = lastToken
  }

  private static func changes(_ records: [ConsumerGroupRecord]) -> [GroupOffsets.Change] {
    records.map { .record(key: $0.key.encode(), value: $0.value) }
  }
}
