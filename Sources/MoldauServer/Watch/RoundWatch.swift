/// How long something that should come round has not, in looks of whoever watches.
///
/// Looks and not time: who is held up together with what it watches, as in a debugger or a process
/// that is stopped, has not looked meanwhile.
struct RoundWatch: Sendable {
  /// What a look has found.
  enum Finding: Equatable, Sendable {
    case comesRound
    /// Not since an earlier look, which says nothing yet.
    case isLate
    /// Not for `hangs` looks; found once.
    case hangs(atRound: Int)
    /// Not for `isLost` looks; found once.
    case isLost
  }

  let hangs: Int
  let isLost: Int
  private var round = -1
  private var lateLooks = 0

  init(hangs: Int, isLost: Int) {
    precondition(0 < hangs && hangs < isLost, "it hangs before it is lost")
    self.hangs = hangs
    self.isLost = isLost
  }

  /// - Parameter round: how often it has come round.
  mutating func look(atRound round: Int) -> Finding {
    guard round == self.round else {
      self.round = round
      lateLooks = 0
      return .comesRound
    }
    lateLooks += 1
    return switch lateLooks {
    case hangs: .hangs(atRound: round)
    case isLost: .isLost
    default: .isLate
    }
  }
}
