internal import MoldauCoordination
internal import MoldauFormat

/// Which brokers are up.
extension ControllerMachine {
  /// Reads them anew; once more when something changes meanwhile.
  mutating func refreshBrokers() {
    guard let office else { return }
    guard office.isActive, office.loading == nil, !office.isRefreshingBrokers else {
      self.office?.mustRefreshBrokers = true
      return
    }
    self.office?.mustRefreshBrokers = false
    self.office?.isRefreshingBrokers = true
    ask([.children(path: ClusterPath.brokerIDs, watches: true)], .brokerNames)
  }

  mutating func sawBrokerNames(_ result: Result<CoordinationAnswer, CoordinationError>) {
    guard office != nil else { return }
    guard case .success(.children(let names, _)) = result else {
      return retry([.children(path: ClusterPath.brokerIDs, watches: true)], .brokerNames)
    }
    let ids = names.compactMap { Int32($0) }.sorted()
    guard !ids.isEmpty else { return sawBrokers([], []) }
    ask(ids.map { .data(path: ClusterPath.broker($0), watches: true) }, .brokers(ids))
  }

  mutating func sawBrokers(
    _ ids: [Int32], _ results: [Result<CoordinationAnswer, CoordinationError>]
  ) {
    guard var office else { return }
    let isComplete = results.allSatisfy { result in
      if case .failure(let error) = result { error.refusal != nil } else { true }
    }
    guard isComplete else {
      return retry([.children(path: ClusterPath.brokerIDs, watches: true)], .brokerNames)
    }
    var live: [Int32: BrokerRegistration] = [:]
    for (id, result) in zip(ids, results) {
      if let registration = registration(of: id, result) {
        live[id] = office.keepingShutdown(registration)
      }
    }
    office.live = live
    office.isRefreshingBrokers = false
    self.office = office
    if office.mustRefreshBrokers { refreshBrokers() }
    advance()
  }

  /// What a broker's node says; nil when the broker is not up, or its node is damaged, which is
  /// logged.
  mutating func registration(
    of id: Int32, _ result: Result<CoordinationAnswer, CoordinationError>
  ) -> BrokerRegistration? {
    guard case .success(.data(let data, _)) = result else { return nil }
    do throws(NodeError) {
      return try BrokerNode.registration(of: id, parsing: data)
    } catch {
      log(.error, "a broker is not counted as being up: \(error)")
      return nil
    }
  }
}
