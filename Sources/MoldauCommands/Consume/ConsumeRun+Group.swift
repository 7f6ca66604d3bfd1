import MoldauClient
import MoldauFormat

extension ConsumeRun {
  /// Reads the partitions that a group gives to this member.
  ///
  /// What was written out is committed once a second, before a rebalance and at the end; a process
  /// that is killed leaves at most that much to be read twice.
  func run(asMemberOf group: String) throws {
    var settings = GroupMember.Options(group: group, topics: [options.topic])
    settings.sessionTimeoutMilliseconds = options.sessionTimeoutMilliseconds
    settings.heartbeatIntervalMilliseconds = min(3_000, options.sessionTimeoutMilliseconds / 3)
    let now = context.clock.steadyMilliseconds
    let member = GroupMember(cluster: context.cluster, settings, now: now)
    committed = [:]
    do {
      var lastCommit = now()
      while !shouldStop() {
        if try member.keepUp() != .isMember {
          try commit(member)
          try takeUp(member.join(), member, group)
        }
        guard !isDone else { break }
        guard !positions.isEmpty else {
          Cluster.pause(milliseconds: Limits.fetchWaitMilliseconds)
          continue
        }
        try readOnce()
        if now() - lastCommit >= Limits.commitIntervalMilliseconds {
          try commit(member)
          lastCommit = now()
        }
      }
    } catch {
      // What was written out is committed also when nobody reads on; the first error counts.
      do { try end(member) } catch { context.output.note("Leaving the group failed too: \(error)") }
      throw error
    }
    try end(member)
  }

  private func end(_ member: GroupMember) throws {
    try commit(member)
    try member.leave()
  }

  /// Commits what was written out; when the group has gone on, others print it again.
  private func commit(_ member: GroupMember) throws {
    let offsets = written.filter { committed[$0.key] != $0.value }
    guard !offsets.isEmpty else { return }
    if try member.commit(offsets) == .wasRemoved {
      context.output.note(
        "The group has gone on without this member: what it has printed last is read again.")
    }
    committed.merge(offsets) { $1 }
  }

  private func takeUp(
    _ partitions: [TopicPartition], _ member: GroupMember, _ group: String
  ) throws {
    let wanted = partitions.filter { $0.topic == options.topic }
    let names = wanted.map { "\($0)" }.joined(separator: ", ")
    context.output.note(
      "member of group \(group), reading \(names.isEmpty ? "nothing for now" : names)")
    committed = try wanted.isEmpty ? [:] : member.committedOffsets()
    try begin(wanted, committed: committed)
    for (partition, offset) in positions { committed[partition] = offset }
  }
}
