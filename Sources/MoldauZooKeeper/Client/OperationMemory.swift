internal import CMoldauZooKeeper
import Glibc
import MoldauCoordination

/// A write's operations as the C client takes them, with room for what it answers.
///
/// The client keeps pointers to the results until it has reported; it reads the operations only when
/// they are handed in.
@safe final class OperationMemory: Sendable {
  let count: Int
  private let kinds: [CoordinationOperation]
  // Addresses, which threads may share; what is there belongs to whoever has the reply.
  private let operationAddress: UInt
  private let resultAddress: UInt
  private let statAddress: UInt
  /// What was allocated for each operation: its path, its data, the path that is made.
  private let buffers: [UInt]

  init(_ operations: [CoordinationOperation]) {
    count = operations.count
    kinds = operations
    let places = UnsafeMutablePointer<zoo_op_t>.allocate(capacity: count)
    let results = UnsafeMutablePointer<zoo_op_result_t>.allocate(capacity: count)
    let stats = UnsafeMutablePointer<Stat>.allocate(capacity: count)
    // SAFETY: all three are plain C structures of `count` elements, for which zeros will do.
    unsafe memset(places, 0, count * MemoryLayout<zoo_op_t>.stride)
    unsafe memset(results, 0, count * MemoryLayout<zoo_op_result_t>.stride)
    unsafe memset(stats, 0, count * MemoryLayout<Stat>.stride)
    var buffers: [UInt] = []
    func keep(_ bytes: some Collection<UInt8>, room: Int) -> UnsafeMutablePointer<CChar> {
      // SAFETY: the buffer has room for the bytes and at least one zero behind them.
      let size = bytes.count + room
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
      unsafe buffer.copyBytes(from: bytes)
      unsafe buffer[bytes.count...].initializeMemory(as: UInt8.self, repeating: 0)
      guard let start = buffer.baseAddress else { preconditionFailure("room for a zero") }
      buffers.append(UInt(bitPattern: start))
      return unsafe start.assumingMemoryBound(to: CChar.self)
    }
    for (index, operation) in operations.enumerated() {
      let place = unsafe places + index
      let path = unsafe keep(operation.path.utf8, room: 1)
      switch operation {
      case .create(_, let data, let kind):
        let room = operation.path.utf8.count + Limits.sequenceBytes
        let made = unsafe keep([], room: room)
        unsafe zoo_create_op_init(
          place, path, keep(data, room: 1), Int32(data.count), moldau_zookeeper_open_acl(),
          kind.mode, made, Int32(room))
      case .set(_, let data, let version):
        unsafe zoo_set_op_init(
          place, path, keep(data, room: 1), Int32(data.count), version ?? -1, stats + index)
      case .delete(_, let version): unsafe zoo_delete_op_init(place, path, version ?? -1)
      case .check(_, let version): unsafe zoo_check_op_init(place, path, version)
      }
    }
    operationAddress = UInt(bitPattern: places)
    resultAddress = UInt(bitPattern: results)
    statAddress = UInt(bitPattern: stats)
    self.buffers = buffers
  }

  deinit {
    // SAFETY: allocated above, and the client no longer uses it.
    unsafe UnsafeMutableRawPointer(operations).deallocate()
    unsafe UnsafeMutableRawPointer(results).deallocate()
    unsafe UnsafeMutableRawPointer(bitPattern: statAddress)?.deallocate()
    for buffer in buffers { unsafe UnsafeMutableRawPointer(bitPattern: buffer)?.deallocate() }
  }

  var operations: UnsafeMutablePointer<zoo_op_t> {
    guard let pointer = unsafe UnsafeMutablePointer<zoo_op_t>(bitPattern: operationAddress) else {
      preconditionFailure("allocated in init")
    }
    return unsafe pointer
  }

  var results: UnsafeMutablePointer<zoo_op_result_t> {
    guard let pointer = unsafe UnsafeMutablePointer<zoo_op_result_t>(bitPattern: resultAddress)
    else { preconditionFailure("allocated in init") }
    return unsafe pointer
  }

  /// What came of the operations, all of which were carried out.
  func answers() -> [CoordinationResult] {
    kinds.enumerated().map { index, operation in
      // SAFETY: the client has filled in the result, whose pointers are into memory of this object.
      let result = unsafe results[index]
      switch operation {
      case .create(let path, _, _):
        return .created(path: unsafe result.value.map { unsafe String(cString: $0) } ?? path)
      case .set:
        guard let stat = unsafe result.stat else { preconditionFailure("set has room for a stat") }
        return unsafe .set(NodeStat(stat.pointee))
      case .delete: return .deleted
      case .check: return .checked
      }
    }
  }

  /// The first operation that stood in the way of the others.
  var refusedOperation: Int {
    // SAFETY: as above.
    kinds.indices.first { index in
      let code = unsafe results[index].err
      return code != ReturnCode.ok && code != ReturnCode.runtimeInconsistency
    } ?? 0
  }
}

extension NodeKind {
  fileprivate var mode: Int32 {
    switch self {
    case .persistent: ZOO_PERSISTENT
    case .ephemeral: ZOO_EPHEMERAL
    case .persistentSequential: ZOO_PERSISTENT_SEQUENTIAL
    case .ephemeralSequential: ZOO_EPHEMERAL_SEQUENTIAL
    }
  }
}

extension NodeStat {
  init(_ stat: Stat) {
    self.init(
      version: stat.version, creationID: stat.czxid, modificationID: stat.mzxid,
      ephemeralOwner: stat.ephemeralOwner, childCount: stat.numChildren)
  }
}
