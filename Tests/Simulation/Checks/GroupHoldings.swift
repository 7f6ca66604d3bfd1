/// Which members of groups of the newer protocol hold what for sure: a coordinator may give it to
/// nobody else.
///
/// A member holds what it was given, from the answer on, until it has sent word that it does not own
/// it any more, was silent for as long as its session lasts, or has not given back in time what it was
/// told to. What a broker says that does not know yet that another coordinates the group counts for
/// nothing: the member will hear that it was given up, and until then its commits are refused.
final class GroupHoldings {
  /// A heartbeat that is on its way.
  struct Sent {
    fileprivate var time: Int64
    fileprivate var number: Int
    /// Whether it says that the member has given back what it was to.
    fileprivate var givesBack: Bool
  }

  private struct Holding {
    unowned let member: Member
    /// What it holds, and since when.
    var partitions: [Int32: Int64] = [:]
    /// When the last heartbeat was sent that was answered.
    var heardOf: Int64 = 0
    /// When it is certain that it was not told yet to give something back; nil when it is not to.
    var revokesSince: Int64?
    /// What it was told last that it is to own.
    var given: Set<Int32> = []
    var lastSent = 0
    var epoch: Int32 = 0

    func isSure(at now: Int64) -> Bool {
      // Brokers count whole milliseconds: what is one and a half may be two for them.
      let patience = Int64(ConsumerMember.rebalanceTimeoutMilliseconds - 1) * 1_000
      if let revokesSince, now - revokesSince >= patience { return false }
      return now - heardOf < Int64(Member.sessionTimeoutMilliseconds - 1) * 1_000
    }
  }

  private let history: History
  private var holdings: [Int: Holding] = [:]

  init(_ history: History) {
    self.history = history
  }

  func sends(_ member: Member, owned: Set<Int32>?) -> Sent {
    var holding = holdings[member.client.host] ?? Holding(member: member)
    holding.lastSent += 1
    if let owned { holding.partitions = holding.partitions.filter { owned.contains($0.key) } }
    holdings[member.client.host] = holding
    return Sent(
      time: history.world.now, number: holding.lastSent,
      givesBack: owned?.isSubset(of: holding.given) == true)
  }

  func answered(_ member: Member, epoch: Int32, given: Set<Int32>?, _ sent: Sent) {
    guard var holding = holdings[member.client.host], holding.lastSent == sent.number else {
      return
    }
    let before = holding.heardOf
    holding.heardOf = sent.time
    holding.epoch = epoch
    if sent.givesBack { holding.revokesSince = nil }
    if let given {
      let now = history.world.now
      let new = given.subtracting(holding.partitions.keys).subtracting(member.owned)
      for partition in new.sorted() { checkFree(partition, for: member, since: sent.time) }
      let held = holding.partitions
      holding.partitions = [:]
      for partition in member.owned.union(given) {
        holding.partitions[partition] = held[partition] ?? now
      }
      holding.given = given
      let isRevoking = !member.owned.union(held.keys).isSubset(of: given)
      holding.revokesSince = isRevoking ? holding.revokesSince ?? before : nil
    }
    holdings[member.client.host] = holding
  }

  /// Nobody has held it all the time since the member asked: when it was given is not known better.
  private func checkFree(_ partition: Int32, for member: Member, since time: Int64) {
    for (host, holding) in holdings.sorted(by: { $0.key < $1.key })
    where host != member.client.host && holding.member.group == member.group
      && holding.partitions[partition].map({ $0 <= time }) == true
      && holding.isSure(at: history.world.now)
    {
      history.fail(
        "\(member) is given partition \(partition), which \(holding.member) holds in epoch "
          + "\(holding.epoch)", law: "I9")
    }
  }

  func leave(_ member: Member) { holdings[member.client.host] = nil }
}
