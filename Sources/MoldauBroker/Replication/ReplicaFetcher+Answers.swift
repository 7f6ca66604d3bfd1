import Logging
import MoldauFormat
import MoldauLog
import MoldauProtocol

/// What becomes of an answer (docs/replication.md, rules 11 to 13).
extension ReplicaFetcher {
  private typealias Replica = FetchProgress.Replica
  private typealias Part = FetchResponse.Partition

  /// A part of an answer after which the follower has something to do.
  private struct Task {
    let replica: Replica
    let part: Part
    /// Whether the replica was behind its leader's high watermark when it was asked for.
    let isBehind: Bool
  }

  /// Takes the answer to a request, or nil when the connection was lost; on a thread of the
  /// network.
  func received(_ answer: RawSpan?, to request: UInt64, on connectionNumber: UInt64) {
    guard let answer else { return lose(connectionNumber, "the connection failed") }
    let flight = state.withLock { state in
      state.connectionNumber == connectionNumber ? state.progress.answered(request) : nil
    }
    guard let flight else { return }
    let response: FetchResponse
    do throws(ProtocolError) {
      response = try FetchResponse(answer, correlationID: Int32(truncatingIfNeeded: request))
    } catch {
      return lose(connectionNumber, "its answer makes no sense: \(error)")
    }
    switch response.errorCode {
    case .none:
      take(response, answer, of: flight)
    case .fetchSessionIDNotFound, .invalidFetchSessionEpoch, .fetchSessionTopicIDError:
      state.withLock { $0.progress.lostSession(of: flight) }
    default:
      return lose(connectionNumber, "it refuses to be copied from: \(response.errorCode)")
    }
    send()
  }

  private func take(_ response: FetchResponse, _ frame: RawSpan, of flight: FetchProgress.Flight) {
    var tasks: [Task] = []
    var news: [(Replica, Part)] = []
    let (failureCount, leader) = state.withLock { state in
      state.progress.opened(response.sessionID, by: flight)
      for topic in response.topics {
        for part in topic.partitions {
          let key = ReplicaKey(topicID: topic.id, index: part.index)
          guard let replica = state.progress.replica(key, answeredBy: flight) else { continue }
          if part.errorCode == .none {
            state.progress.note(Offset(rawValue: part.highWatermark), of: replica)
          }
          if part.isTask(replica) {
            state.progress.begin(replica)
            let known = state.progress.leadersHighWatermark(of: replica)
            tasks.append(
              Task(replica: replica, part: part, isBehind: replica.offset < known))
          } else {
            news.append((replica, part))
          }
        }
      }
      state.progress.finish(flight)
      defer { state.failureCount = 0 }
      return (state.failureCount, state.leader.nodeID)
    }
    if failureCount > 0 { services.logger.info("replication from broker \(leader) goes on") }
    for (replica, part) in news { note(part, of: replica) }
    askAhead(tasks, frame)
    for task in tasks { carryOut(task.part, frame, for: task.replica) }
  }

  /// Asks again for those that are behind before what has come is appended, so that the leader sends
  /// what is next meanwhile.
  private func askAhead(_ tasks: [Task], _ frame: RawSpan) {
    var isAny = false
    for task in tasks where task.isBehind {
      guard let records = task.part.appendable,
        let position = FetchPosition(
          behind: frame.extracting(records),
          logStart: task.replica.followed.partition.log.startOffset)
      else { continue }
      let isAsked = state.withLock {
        $0.progress.askAhead(task.replica, at: position, byteCount: records.count)
      }
      if isAsked { isAny = true }
    }
    if isAny { send() }
  }

  private func carryOut(_ part: Part, _ frame: RawSpan, for replica: Replica) {
    guard part.errorCode == .none else { return handle(part, for: replica) }
    if part.divergingEpoch.endOffset >= 0 {
      return cut(replica, toEpoch: part.divergingEpoch.epoch, part.divergingEpoch.endOffset)
    }
    guard let records = part.appendable else {
      // The log begins later: the leader waits to hear that it does so here.
      note(part, of: replica)
      return end(replica, .ready)
    }
    append(frame.extracting(records), part, to: replica)
  }

  // MARK: Records

  /// Appends what the leader has sent, and lets the replica be asked for again: at once when it is
  /// behind, else when that is as durable as its topic says (rule 13).
  ///
  /// HOT: once per partition of an answer.
  private func append(_ records: RawSpan, _ part: Part, to replica: Replica) {
    let log = replica.followed.partition.log
    let appended: FollowerAppend
    do throws(LogError) {
      appended = try log.appendFromLeader(
        records, at: replica.offset, epoch: replica.followed.leaderEpoch)
    } catch {
      state.withLock { $0.progress.takeBack(replica) }
      return fail(replica, error, "cannot append what its leader has sent")
    }
    note(part, of: replica)
    guard appended.byteCount > 0 else {
      services.logger.warning(
        "\(name(replica)): its leader has sent \(records.byteCount) bytes without a whole batch")
      return end(replica, .paused(until: services.now + services.pause(after: .max)))
    }
    let isSynced = replica.followed.isSynced
    if !isSynced, replica.followed.topic.configuration.beginsSyncs {
      // Nobody waits for it, and it is to be safe soon all the same.
      log.whenDurable(below: appended.endOffset) { _ in }
    }
    let outcome = state.withLock {
      $0.progress.appended(
        replica, end: appended.endOffset, byteCount: appended.byteCount,
        isSynced: isSynced && services.rules.contains(.syncBeforeFetch))
    }
    switch outcome {
    case .goesOn: break
    case .beginsSync: sync(replica)
    case .waits: awaitDurable(replica, below: appended.endOffset)
    }
  }

  /// Has a part of a replica's log synced that is behind, and the next one after that.
  private func sync(_ replica: Replica) {
    let log = replica.followed.partition.log
    log.whenDurable(below: log.endOffset) { [self] result in
      switch result {
      case .success:
        noteHighWatermark(of: replica)
        if state.withLock({ $0.progress.hasSynced(replica) }) { sync(replica) }
      case .failure(let error): failSync(replica, error)
      }
      sendSoon()
    }
  }

  private func failSync(_ replica: Replica, _ error: LogError) {
    state.withLock { $0.progress.forgetSyncs(replica) }
    fail(replica, error, "cannot make durable what it has")
  }

  /// Lets the replica be asked for again when the device has all below `offset`.
  func awaitDurable(_ replica: FetchProgress.Replica, below offset: Offset) {
    replica.followed.partition.log.whenDurable(below: offset) { [self] result in
      switch result {
      case .success:
        noteHighWatermark(of: replica)
        state.withLock { $0.progress.isDurable(replica) }
        end(replica, .ready)
      case .failure(let error): failSync(replica, error)
      }
      sendSoon()
    }
  }

  /// Takes over the leader's high watermark and the start of its log.
  private func note(_ part: Part, of replica: Replica) {
    noteHighWatermark(of: replica)
    let log = replica.followed.partition.log
    let start = Offset(rawValue: part.logStartOffset)
    guard start > log.startOffset else { return }
    do throws(LogError) {
      try log.raiseStart(to: start, epoch: replica.followed.leaderEpoch)
    } catch {
      // The next fetch finds out: the log follows no more, or ends before the leader's begins.
    }
  }

  /// Takes over the leader's high watermark, as far as the log has it as durable as its topic says.
  private func noteHighWatermark(of replica: Replica) {
    let followed = replica.followed
    let told = state.withLock { $0.progress.leadersHighWatermark(of: replica) }
    let log = followed.partition.log
    followed.partition.noteFetched(
      highWatermark: followed.isSynced ? min(told, log.durableOffset) : told,
      leaderEpoch: followed.leaderEpoch)
  }

  // MARK: Another history

  /// Cuts the log to where it and the leader's may agree (rule 12), and asks again.
  private func cut(_ replica: Replica, toEpoch epoch: Int32, _ end: Int64) {
    let log = replica.followed.partition.log
    change(replica, "cannot cut its log to where its leader's goes another way") {
      [services] () throws(LogError) in
      let leadersEnd = Offset(rawValue: end)
      let before = log.endOffset
      let target =
        services.rules.contains(.epochWithEndOffset)
        ? log.truncationOffset(ofDivergingEpoch: epoch, end: leadersEnd) : min(leadersEnd, before)
      try log.truncate(to: target, epoch: replica.followed.leaderEpoch)
      return
        "its log is cut from \(before) to \(log.endOffset), where its leader's goes another way"
    }
  }

  /// What followers did before KIP-101; without the rule `truncateByEpoch`.
  func cutToHighWatermark(_ replica: FetchProgress.Replica) {
    let partition = replica.followed.partition
    change(replica, "cannot cut its log to its high watermark") { () throws(LogError) in
      try partition.log.truncate(
        to: partition.highWatermark, epoch: replica.followed.leaderEpoch)
      return "its log is cut to its high watermark, \(partition.log.endOffset)"
    }
  }

  /// Begins the log anew: the leader's begins behind its end, or knows none of its epochs.
  private func reset(_ replica: Replica, to start: Int64) {
    let log = replica.followed.partition.log
    change(replica, "cannot begin its log anew") { () throws(LogError) in
      let before = log.endOffset
      try log.reset(to: Offset(rawValue: start), epoch: replica.followed.leaderEpoch)
      return "its log, which ended at \(before), begins anew at \(start), as its leader's does"
    }
  }

  /// Changes a log where that may wait for the disk; `body` returns what it has done.
  private func change(
    _ replica: Replica, _ failure: String,
    _ body: @escaping @Sendable () throws(LogError) -> String
  ) {
    services.diskQueue.add { [self] in
      do throws(LogError) {
        let done = try body()
        services.logger.info("\(name(replica)): \(done)")
        replica.followed.partition.noteTruncated()
        end(replica, .ready)
      } catch {
        fail(replica, error, failure)
      }
      sendSoon()
    }
  }

  // MARK: Errors

  private func handle(_ part: Part, for replica: Replica) {
    switch part.errorCode {
    case .offsetOutOfRange where part.logStartOffset >= 0:
      return reset(replica, to: part.logStartOffset)
    case .fencedLeaderEpoch, .unknownLeaderEpoch, .notLeaderOrFollower, .leaderNotAvailable,
      .unknownTopicID, .unknownTopicOrPartition, .inconsistentTopicID:
      // One of the two knows more of the cluster than the other; the image tells.
      services.logger.debug("\(name(replica)): its leader says \(part.errorCode)")
    default:
      services.logger.log(
        level: replica.failureCount == 0 ? .warning : .debug,
        """
        \(name(replica)): its leader, broker \(replica.followed.leader.nodeID), says \
        \(part.errorCode); it is asked again
        """
      )
    }
    pause(replica)
  }

  private func pause(_ replica: Replica) {
    end(replica, .paused(until: services.now + services.pause(after: replica.failureCount + 1)))
  }

  /// Something could not be done with the log of a replica.
  private func fail(_ replica: Replica, _ error: LogError, _ what: String) {
    let log = replica.followed.partition.log
    switch error {
    case .notLeader:
      return end(replica, .fenced)
    case .closed where log.isClosed:
      return end(replica, .fenced)
    case .closed, .offsetOutOfRange:
      // A compaction has just come between.
      return pause(replica)
    case .invalidBatch, .batchTooLarge, .corrupt:
      services.logger.log(
        level: replica.failureCount == 0 ? .warning : .debug,
        "\(name(replica)): \(what): \(error); it is fetched again")
      return pause(replica)
    default:
      let milliseconds = services.configuration.failedBackoffMilliseconds
      services.logger.log(
        level: replica.failureCount == 0 ? .error : .debug,
        """
        \(name(replica)): \(what): \(error); it stays behind and is tried again every \
        \(milliseconds / 1000) s: make room or mend the disk, and restart the broker if the store \
        is poisoned
        """
      )
      end(replica, .paused(until: services.now + milliseconds))
    }
  }

  private func name(_ replica: Replica) -> String { "\(replica.followed.partition.log.identity)" }
}

extension FetchResponse.Partition {
  /// Whether the follower has to do something before it asks again.
  fileprivate func isTask(_ replica: FetchProgress.Replica) -> Bool {
    errorCode != .none || divergingEpoch.endOffset >= 0 || records.count > 0
      || logStartOffset > replica.followed.partition.log.startOffset.rawValue
  }

  /// Where in the frame the batches are that are to be appended; nil when there are none.
  fileprivate var appendable: Range<Int>? {
    guard errorCode == .none, divergingEpoch.endOffset < 0,
      case .inFrame(let start, let count) = records, count > 0
    else { return nil }
    return start..<(start + count)
  }
}
