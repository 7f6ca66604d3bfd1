import MoldauCoordination

/// A request that the client has been given, and what it reports of it.
///
/// The client knows it by its address. The session keeps it until the client has reported, or the
/// handle is closed.
final class Reply: Sendable {
  enum Kind: Sendable {
    /// A request that is refused goes as a `sync`, so that its answer comes in its turn.
    case request(CoordinationRequest, refusal: CoordinationError?)
    /// One of the nodes above all others of the session.
    case chroot(path: String, isLast: Bool)
  }

  let number: UInt64
  let kind: Kind
  let completion: ZooKeeperSession.Completion?
  /// What a write's operations are in the client's terms.
  let operations: OperationMemory?
  private let session: ZooKeeperSession

  init(
    number: UInt64, kind: Kind, session: ZooKeeperSession,
    _ completion: ZooKeeperSession.Completion?
  ) {
    self.number = number
    self.kind = kind
    self.session = session
    self.completion = completion
    operations =
      switch kind {
      case .request(.write(let operations), refusal: nil) where !operations.isEmpty:
        OperationMemory(operations)
      case .chroot(let path, _):
        OperationMemory([.create(path: path, data: [], kind: .persistent)])
      default: nil
      }
  }

  /// What the client calls, by the pointer that it was given.
  static func at(_ address: UnsafeRawPointer?) -> Reply {
    guard let address = unsafe address else {
      preconditionFailure("the client gives back what it was given")
    }
    // SAFETY: the session keeps the object until this call.
    return unsafe Unmanaged<Reply>.fromOpaque(address).takeUnretainedValue()
  }

  /// What the client is given to find it by.
  var address: UnsafeRawPointer {
    // SAFETY: as above.
    unsafe UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
  }

  func received(_ result: Result<CoordinationAnswer, CoordinationError>) {
    session.received(self, result)
  }
}
