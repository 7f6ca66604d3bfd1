public import MoldauFormat
public import MoldauLog

/// Why a broker cannot start.
public enum BrokerError: Error, Equatable, Sendable {
  /// The directory belongs to broker `owner`, and `wanted` was asked for.
  case otherNode(path: String, owner: Int32, wanted: Int32)
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
    case .damagedIdentity(let path, let reason):
      "\(path) cannot be read: \(reason)"
    case .notRegistered(let reason):
      reason
    case .store(let error):
      error.description
    }
  }
}
