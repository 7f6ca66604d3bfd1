import MoldauLog
import Synchronization

/// The place of one group in the coordinator, with its lock.
final class GroupSlot: Sendable {
  struct State: Sendable {
    /// Nil while nothing is known of the group but committed offsets, if that.
    var group: (any CoordinatedGroup)?
    /// Tells the group from others that had its name: what is stored late is told to none of them.
    var incarnation = 0
    /// When the timer goes off.
    var timerDeadline: Int64?
    /// Who is told of answers that come later.
    var waits: [GroupWaitID: @Sendable (GroupAnswer) -> Void] = [:]
    var lastWait: GroupWaitID = 0
    /// Whether the coordinator has let go of the slot: look for the group anew.
    var isRemoved = false
  }

  let id: String
  let timer: Scheduler.Timer
  let state = Mutex(State())

  init(id: String, timer: Scheduler.Timer) {
    self.id = id
    self.timer = timer
  }
}
