internal import CMoldauZooKeeper
import MoldauCoordination

/// The calls that hand the client a request, and what it calls back with the answer.
extension ZooKeeperSession {
  /// Hands a request to the client. Called with the lock: the client only queues it.
  func send(_ reply: Reply, by handle: Handle, _ state: inout State) {
    let code = hand(reply, to: handle)
    // After an expiry the client takes nothing more; the request is answered when it reports that.
    guard code != ReturnCode.ok, code != ZINVALIDSTATE.rawValue else { return }
    logger.error("the coordination client takes no request", metadata: ["code": "\(code)"])
    state.outstanding[reply.number] = nil
    // The client may have taken it for all that.
    state.abandoned.append(reply)
    if let completion = reply.completion {
      tell(completion, .failure(ReturnCode.error(code, operation: 0)))
    }
  }

  // SAFETY of all calls: the client copies paths before it returns; the reply lives until it reports.

  private func hand(_ reply: Reply, to handle: Handle) -> Int32 {
    if let memory = reply.operations {
      return unsafe zoo_amulti(
        handle.pointer, Int32(memory.count), memory.operations, memory.results, wrote,
        reply.address)
    }
    guard case .request(let request, refusal: nil) = reply.kind else {
      return unsafe zoo_async(handle.pointer, "/", synced, reply.address)
    }
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    switch request {
    case .data(let path, let watches):
      return unsafe zoo_awget(
        handle.pointer, path, watches ? nodeWatcher : nil, context, readData, reply.address)
    case .exists(let path, let watches):
      return unsafe zoo_awexists(
        handle.pointer, path, watches ? nodeWatcher : nil, context, readStat, reply.address)
    case .children(let path, let watches):
      return unsafe zoo_awget_children2(
        handle.pointer, path, watches ? nodeWatcher : nil, context, readChildren, reply.address)
    case .sync(let path): return unsafe zoo_async(handle.pointer, path, synced, reply.address)
    case .write: return unsafe zoo_async(handle.pointer, "/", synced, reply.address)
    }
  }
}

// What follows is called on the client's thread; all is copied before it returns.

private func readData(
  _ code: Int32, _ bytes: UnsafePointer<CChar>?, _ count: Int32, _ stat: UnsafePointer<Stat>?,
  _ address: UnsafeRawPointer?
) {
  let reply = unsafe Reply.at(address)
  guard code == ReturnCode.ok, let stat = unsafe stat else {
    return reply.received(.failure(ReturnCode.error(code, operation: 0)))
  }
  // SAFETY: the client says how many bytes there are; none is −1.
  let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: Int(max(count, 0)))
  unsafe reply.received(.success(.data(Array(buffer), NodeStat(stat.pointee))))
}

private func readStat(
  _ code: Int32, _ stat: UnsafePointer<Stat>?, _ address: UnsafeRawPointer?
) {
  let reply = unsafe Reply.at(address)
  switch code {
  case ReturnCode.ok:
    unsafe reply.received(.success(.exists(stat.map { unsafe NodeStat($0.pointee) })))
  case ReturnCode.noNode: reply.received(.success(.exists(nil)))
  default: reply.received(.failure(ReturnCode.error(code, operation: 0)))
  }
}

private func readChildren(
  _ code: Int32, _ names: UnsafePointer<String_vector>?, _ stat: UnsafePointer<Stat>?,
  _ address: UnsafeRawPointer?
) {
  let reply = unsafe Reply.at(address)
  guard code == ReturnCode.ok, let names = unsafe names, let stat = unsafe stat else {
    return reply.received(.failure(ReturnCode.error(code, operation: 0)))
  }
  // SAFETY: the vector has as many texts as it says.
  let texts = unsafe UnsafeBufferPointer(start: names.pointee.data, count: Int(names.pointee.count))
  let sorted = unsafe texts.compactMap { unsafe $0.map { unsafe String(cString: $0) } }.sorted()
  unsafe reply.received(.success(.children(sorted, NodeStat(stat.pointee))))
}

private func wrote(_ code: Int32, _ address: UnsafeRawPointer?) {
  let reply = unsafe Reply.at(address)
  guard let operations = reply.operations else { preconditionFailure("a write has operations") }
  if code == ReturnCode.ok {
    reply.received(.success(.written(operations.answers())))
  } else {
    let operation = operations.refusedOperation
    reply.received(.failure(ReturnCode.error(code, operation: operation)))
  }
}

private func synced(
  _ code: Int32, _ path: UnsafePointer<CChar>?, _ address: UnsafeRawPointer?
) {
  let reply = unsafe Reply.at(address)
  guard code == ReturnCode.ok else {
    return reply.received(.failure(ReturnCode.error(code, operation: 0)))
  }
  // A write without operations waits its turn like this.
  if case .request(.write, _) = reply.kind {
    reply.received(.success(.written([])))
  } else {
    reply.received(.success(.synced))
  }
}
