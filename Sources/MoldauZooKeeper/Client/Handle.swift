internal import CMoldauZooKeeper
import MoldauCoordination

/// One handle of the C client: a session with its two threads.
struct Handle: Hashable, Sendable {
  /// An address, which threads may share: the client has its own locks.
  private let address: UInt

  init(_ pointer: OpaquePointer) {
    address = UInt(bitPattern: pointer)
  }

  /// INVARIANT: used with the session's lock or in a report of the client, so never after it is
  /// closed.
  var pointer: OpaquePointer {
    guard let pointer = unsafe OpaquePointer(bitPattern: address) else {
      preconditionFailure("a handle is made of a pointer")
    }
    return unsafe pointer
  }

  var sessionID: Int64 {
    // SAFETY: the client returns a part of the handle.
    unsafe zoo_client_id(pointer)?.pointee.client_id ?? 0
  }

  var negotiatedTimeoutMilliseconds: Int32 {
    unsafe zoo_recv_timeout(pointer)
  }
}

extension ZooKeeperSession {
  /// Makes a handle, which connects by itself; nil when no server's name can be resolved.
  ///
  /// It holds the session until `end`.
  func makeHandle() -> Handle? {
    let context = unsafe Unmanaged.passRetained(self)
    // SAFETY: the client copies the text, and hands the context to the watcher only.
    let pointer = unsafe connectString.withCString { hosts in
      unsafe zookeeper_init2(
        hosts, sessionWatcher, timeoutMilliseconds, nil, context.toOpaque(), ZOO_NO_LOG_CLIENTENV,
        logCallback)
    }
    guard let pointer = unsafe pointer else {
      unsafe context.release()
      return nil
    }
    return unsafe Handle(pointer)
  }

  /// Closes a handle: tells the server, and waits for the client's threads. Not on one of them.
  func end(_ handle: Handle) {
    unsafe zookeeper_close(handle.pointer)
    // SAFETY: the reference is that of `makeHandle`; nobody uses the context any more.
    unsafe Unmanaged.passUnretained(self).release()
  }
}

/// Hears of the connection.
private func sessionWatcher(
  _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
  _ context: UnsafeMutableRawPointer?
) {
  guard type == ZOO_SESSION_EVENT, let handle = unsafe handle, let context = unsafe context else {
    return
  }
  // SAFETY: the handle holds the session.
  let session = unsafe Unmanaged<ZooKeeperSession>.fromOpaque(context).takeUnretainedValue()
  switch state {
  case ZOO_CONNECTED_STATE: session.connected(by: unsafe Handle(handle))
  case ZOO_EXPIRED_SESSION_STATE, ZOO_AUTH_FAILED_STATE: session.expire()
  default: session.disconnected()
  }
}

/// Hears of nodes.
func nodeWatcher(
  _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
  _ context: UnsafeMutableRawPointer?
) {
  let change: NodeChange
  switch type {
  case ZOO_CREATED_EVENT: change = .created
  case ZOO_DELETED_EVENT: change = .deleted
  case ZOO_CHANGED_EVENT: change = .data
  case ZOO_CHILD_EVENT: change = .children
  // Every watch hears of the connection too.
  default: return
  }
  guard let path = unsafe path, let context = unsafe context else { return }
  // SAFETY: the handle holds the session.
  let session = unsafe Unmanaged<ZooKeeperSession>.fromOpaque(context).takeUnretainedValue()
  session.changed(unsafe String(cString: path), change)
}
