public import MoldauFormat
public import MoldauLog

/// Why a broker cannot start.
public enum BrokerError: Error, Equatable, Sendable {
  /// The directory belongs to broker `owner`, and `wanted` was asked for.
  case otherNode(path: String, owner: Int32, wanted: Int32)
  /// The directory is a cluster's, and the broker was to stand alone.
  case memberOfCluster(path: String)
  /// The file that says whose the directory is cannot be read.
  case damagedIdentity(path: String, reason: FormatError)
  /// The broker cannot be one of its cluster.
  case notRegistered(reason: String)
  /// The store refused.
  case store(LogError)
}

extension BrokerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .otherNode(let path, let owner, let wanted):
      "\(path) belongs to broker \(owner), not \(wanted): choose the directory of broker \(wanted),"
        + " or leave the number out"
    case .memberOfCluster(let path):
      "the directory is of a broker of a cluster, as \(path) says: start it with --cluster; what"
        + " it took alone would be no other broker's"
    case .damagedIdentity(let path, let reason):
      "\(path) cannot be read: \(reason)"
    case .notRegistered(let reason):
      reason
    case .store(let error):
      error.description
    }
  }
}
