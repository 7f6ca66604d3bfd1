/// What happens next in a world: events by their time; of those at the same time, by a number that
/// the seed has drawn.
struct EventHeap {
  struct Event {
    var time: Int64
    var order: UInt64
    var action: () -> Void

    func precedes(_ other: Event) -> Bool {
      time != other.time ? time < other.time : order < other.order
    }
  }

  private var events: [Event] = []

  var isEmpty: Bool { events.isEmpty }
  var count: Int { events.count }
  var nextTime: Int64? { events.first?.time }

  mutating func insert(_ event: Event) {
    events.append(event)
    var index = events.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard events[index].precedes(events[parent]) else { return }
      events.swapAt(index, parent)
      index = parent
    }
  }

  mutating func removeFirst() -> Event? {
    guard let first = events.first, let last = events.popLast() else { return nil }
    guard !events.isEmpty else { return first }
    events[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < events.count {
        if events[child].precedes(events[least]) { least = child }
      }
      guard least != index else { return first }
      events.swapAt(index, least)
      index = least
    }
  }

  mutating func removeAll() { events = [] }
}
