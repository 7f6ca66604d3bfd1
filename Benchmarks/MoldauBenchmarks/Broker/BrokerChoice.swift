import MoldauClient

/// Which broker a run measures.
enum BrokerChoice: Sendable {
  case none
  /// `moldau serve`, started anew for each row with its data in the row's directory.
  case started(program: String)
  /// A broker that is there, and its process where that is known.
  case running(Endpoint, pid: Int32?)
}

extension RowContext {
  /// Returns the broker that the row measures, with nothing in it but what others left there.
  ///
  /// - Parameter arguments: what `moldau serve` gets, when it is started.
  func startBroker(_ arguments: [String] = [], name: String = "data") throws -> BrokerTarget {
    switch broker {
    case .none:
      preconditionFailure("a row of the store's asks for a broker")
    case .started(let program):
      try BrokerTarget(starting: program, data: "\(directory)/\(name)", arguments)
    case .running(let endpoint, let pid):
      BrokerTarget(at: endpoint, pid: pid)
    }
  }
}
