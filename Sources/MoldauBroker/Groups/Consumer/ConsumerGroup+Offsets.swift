extension ConsumerGroup {
  /// Checks that a member may commit offsets, or fetch them as one: it is in the epoch it says.
  ///
  /// Who is no member (an epoch below 0) may commit while the group has none.
  func checkMember(
    _ memberID: String, epoch: Int32, isCommit: Bool
  ) throws(ConsumerGroupError) {
    if epoch < 0 && (members.isEmpty || (!isCommit && memberID.isEmpty)) { return }
    guard let member = members[memberID] else {
      throw ConsumerGroupError(.unknownMemberID, "\(memberID) is no member of the group")
    }
    guard member.epoch == epoch else {
      throw ConsumerGroupError(
        .staleMemberEpoch,
        "the member is in epoch \(epoch), but the coordinator has it in \(member.epoch)")
    }
  }
}
