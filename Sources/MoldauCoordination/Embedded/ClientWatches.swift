/// The watches that a client knows it has: it sets them again when it is connected again.
struct ClientWatches: Sendable {
  /// On nodes that were there: their next change or deletion.
  var data: Set<String> = []
  /// On nodes that were not there: their creation.
  var absent: Set<String> = []
  var children: Set<String> = []

  /// Notes the watch that the answer to a read has set.
  mutating func note(_ request: CoordinationRequest, _ answer: CoordinationAnswer) {
    switch (request, answer) {
    case (.data(let path, watches: true), .data): data.insert(path)
    case (.exists(let path, watches: true), .exists(let stat)):
      if stat == nil { absent.insert(path) } else { data.insert(path) }
    case (.children(let path, watches: true), .children): children.insert(path)
    default: break
    }
  }

  /// Takes away the watches that an event ends; returns whether there were any.
  mutating func end(_ path: String, _ change: NodeChange) -> Bool {
    var isWatched = false
    if change != .children {
      isWatched = data.remove(path) != nil
      isWatched = absent.remove(path) != nil || isWatched
    }
    if change == .children || change == .deleted {
      isWatched = children.remove(path) != nil || isWatched
    }
    return isWatched
  }
}
