internal import CMoldauZooKeeper
import MoldauCoordination

/// The client's codes, and what they mean here.
enum ReturnCode {
  static let ok = ZOK.rawValue
  /// What the operations after the refused one of a write get.
  static let runtimeInconsistency = ZRUNTIMEINCONSISTENCY.rawValue
  static let noNode = ZNONODE.rawValue

  /// What a code other than `ok` says. A write tells which of its operations it was.
  static func error(_ code: Int32, operation: Int) -> CoordinationError {
    if let refusal = refusal(code) { return .refused(refusal, operation: operation) }
    switch code {
    // What the client or the server gave up may have been carried out all the same.
    case ZCONNECTIONLOSS.rawValue, ZOPERATIONTIMEOUT.rawValue, ZCLOSING.rawValue,
      ZSESSIONMOVED.rawValue:
      return .connectionLost
    case ZSESSIONEXPIRED.rawValue, ZINVALIDSTATE.rawValue: return .sessionExpired
    default:
      // SAFETY: the text is one of the library's constants.
      let reason = unsafe zerror(code).map { unsafe String(cString: $0) } ?? "unknown"
      return .service(code: code, reason: reason)
    }
  }

  private static func refusal(_ code: Int32) -> CoordinationRefusal? {
    switch code {
    case ZNONODE.rawValue: .noNode
    case ZNODEEXISTS.rawValue: .nodeExists
    case ZBADVERSION.rawValue: .badVersion
    case ZNOTEMPTY.rawValue: .notEmpty
    case ZNOCHILDRENFOREPHEMERALS.rawValue: .ephemeralParent
    case ZBADARGUMENTS.rawValue: .invalid
    default: nil
    }
  }
}
