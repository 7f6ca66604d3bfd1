import MoldauFormat
import MoldauLog
import Synchronization

/// Finds topics by their names and ids.
///
/// The store owns the topics, and others may create and delete them; this keeps what the broker
/// adds to them. Thread-safe.
final class TopicDirectory: Sendable {
  private struct State: Sendable {
    var byName: [String: HostedTopic] = [:]
    var names: [TopicID: String] = [:]
  }

  private let store: LogStore
  let replicas: Replicas?
  private let state = Mutex(State())

  /// - Parameter replicas: what the partitions share; nil without a cluster.
  init(store: LogStore, _ replicas: Replicas? = nil) {
    self.store = store
    self.replicas = replicas
  }

  /// All topics, in the order of their names.
  var all: [HostedTopic] { store.topics.map(host) }

  /// HOT: once per topic of a produce or fetch request: two locks, two lookups.
  func topic(named name: String) -> HostedTopic? {
    guard let topic = store.existingTopic(name) else { return nil }
    return host(topic)
  }

  func topic(_ id: TopicID) -> HostedTopic? {
    if let name = state.withLock({ $0.names[id] }) {
      if let found = topic(named: name), found.topic.id == id { return found }
      state.withLock { $0.names[id] = nil }
      return nil
    }
    return store.firstTopic { $0.id == id }.map(host)
  }

  /// The name of a topic that differs from `name` only in '.' and '_', if there is one.
  ///
  /// - Complexity: O(*n*) in the number of topics where `name` has either character.
  func name(collidingWith name: String) -> String? {
    func isEither(_ character: UInt8) -> Bool {
      character == UInt8(ascii: ".") || character == UInt8(ascii: "_")
    }
    guard name.utf8.contains(where: isEither) else { return nil }
    let found = store.firstTopic { topic in
      topic.name != name && topic.name.utf8.count == name.utf8.count
        && zip(topic.name.utf8, name.utf8).allSatisfy { $0 == $1 || isEither($0) && isEither($1) }
    }
    return found?.name
  }

  /// Looks again which partitions of a topic are in this broker's directory. Those that were known
  /// and are still there stay what they are.
  ///
  /// - Returns: nil when there is no such topic.
  func refresh(_ name: String) -> HostedTopic? {
    guard let topic = store.existingTopic(name) else { return nil }
    return state.withLock { state in
      let other = state.byName[name]
      let hosted = HostedTopic(topic, replicas, earlier: other?.topic === topic ? other : nil)
      state.byName[name] = hosted
      state.names[topic.id] = name
      return hosted
    }
  }

  /// Takes note that a topic has other partitions here than before.
  func renew(_ topic: Topic) {
    state.withLock { state in
      guard let known = state.byName[topic.name], known.topic === topic else { return }
      state.byName[topic.name] = HostedTopic(topic, replicas, earlier: known)
    }
  }

  /// Lets go of a topic that was deleted.
  func forget(_ topic: Topic) {
    state.withLock { state in
      if state.byName[topic.name]?.topic === topic { state.byName[topic.name] = nil }
      state.names[topic.id] = nil
    }
  }

  private func host(_ topic: Topic) -> HostedTopic {
    let known = state.withLock { $0.byName[topic.name] }
    if let known, known.topic === topic, !known.isBehind { return known }
    return state.withLock { state in
      let other = state.byName[topic.name]
      if let other, other.topic === topic, !other.isBehind { return other }
      let hosted = HostedTopic(
        topic, replicas, earlier: other?.topic === topic ? other : nil)
      state.byName[topic.name] = hosted
      state.names[topic.id] = topic.name
      return hosted
    }
  }
}
