import MoldauDisk
import MoldauLog

/// A deterministic world: one thread, one virtual time, one source of chance.
///
/// Everything that happens is an event. What the brokers hand to the world while one is handled (bytes
/// to send, requests to wake, questions to the coordination service) waits in mailboxes and is taken
/// up in a fixed order right after it.
final class World {
  let time = VirtualTime()
  var random: SeededGenerator
  var trace = Trace()
  private(set) var stepCount = 0
  /// What is done after each event.
  var afterStep: [() -> Void] = []
  private var events = EventHeap()
  private var order: SeededGenerator

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    order = SeededGenerator(seed: seed ^ 0x5851_f42d_4c95_7f2d)
  }

  var now: Int64 { time.microseconds }

  /// Lets `action` happen in so many microseconds.
  func after(_ microseconds: Int64, _ action: @escaping () -> Void) {
    events.insert(
      EventHeap.Event(time: now + max(microseconds, 0), order: order.next(), action: action))
  }

  /// Lets the next event happen; returns false when there is none.
  func step() -> Bool {
    guard let event = events.removeFirst() else { return false }
    time.microseconds = max(now, event.time)
    stepCount += 1
    event.action()
    for check in afterStep { check() }
    return true
  }

  /// Lets go of all that was to happen, which holds the world in turn.
  func end() {
    events.removeAll()
    afterStep = []
  }

  // MARK: Chance

  func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }

  /// Whether something that happens once in `count` times does.
  func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

  func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  // MARK: What has happened

  /// As `note`, of what is too much to be looked at.
  func detail(_ text: @autoclosure () -> String) {
    trace.addDetail { "\(now) \(text())" }
  }

  func note(_ text: @autoclosure () -> String) {
    trace.add("\(now / 1000).\(String(1000 + now % 1000).dropFirst()) \(text())")
  }
}
