import Synchronization

/// The logs of a topic's partitions by their numbers; grows, and changes, while others read it.
///
/// A look-up takes no lock, since every append makes one. Logs are kept in blocks that double in
/// size and never move: what is published stays where it is until the table goes, and so does a log
/// that was taken out, for someone may be looking at it.
@safe final class PartitionTable: Sendable {
  private typealias Slot = Atomic<Unmanaged<PartitionLog>?>

  private static let blockCount = Int.bitWidth - Limits.maxPartitionsPerTopic.leadingZeroBitCount

  /// Block *k* holds the numbers from 2^*k* − 1 on, 2^*k* of them; nil until it is needed.
  ///
  /// SAFETY: written below `publishedCount` only before that is raised, by one thread at a time.
  private nonisolated(unsafe) let blocks: UnsafeMutablePointer<UnsafeMutablePointer<Slot>?>
  private let publishedCount = Atomic<Int>(0)
  /// Logs that were taken out.
  private let retired = Mutex<[PartitionLog]>([])

  /// `logs` has a place for each number; nil where the partition is not in this store.
  init(_ logs: [PartitionLog?]) {
    unsafe blocks = .allocate(capacity: Self.blockCount)
    unsafe blocks.initialize(repeating: nil, count: Self.blockCount)
    append(logs)
  }

  deinit {
    for number in 0..<count { unsafe slot(number).pointee.load(ordering: .acquiring)?.release() }
    for block in 0..<Self.blockCount { unsafe blocks[block]?.deallocate() }
    unsafe blocks.deallocate()
  }

  /// The number of partitions that the topic has, whether or not they are in this store.
  var count: Int { publishedCount.load(ordering: .acquiring) }

  /// The log of the partition of this number; nil when there is none in this store.
  ///
  /// HOT: once per append. Benchmark: `append-single`.
  subscript(number: Int) -> PartitionLog? {
    guard number >= 0, number < count else { return nil }
    // SAFETY: the slot was written before the count that was just read was published.
    return unsafe slot(number).pointee.load(ordering: .acquiring)?.takeUnretainedValue()
  }

  /// The logs that are in this store, in the order of their numbers.
  var logs: [PartitionLog] { (0..<count).compactMap { self[$0] } }

  /// Adds the logs of the numbers from `count` on; by one thread at a time.
  func append(_ logs: [PartitionLog?]) {
    let first = publishedCount.load(ordering: .relaxed)
    precondition(first + logs.count <= Limits.maxPartitionsPerTopic, "too many partitions")
    for (index, log) in logs.enumerated() {
      let place = Self.place(of: first + index)
      if unsafe blocks[place.block] == nil {
        let block = UnsafeMutablePointer<Slot>.allocate(capacity: 1 << place.block)
        for index in 0..<1 << place.block { unsafe (block + index).initialize(to: Atomic(nil)) }
        unsafe blocks[place.block] = block
      }
      let retained = unsafe log.map { unsafe Unmanaged.passRetained($0) }
      unsafe slot(first + index).pointee.store(retained, ordering: .releasing)
    }
    publishedCount.store(first + logs.count, ordering: .releasing)
  }

  /// Puts a log in the place of a number below `count` that has none; by one thread at a time.
  func set(_ log: PartitionLog, at number: Int) {
    precondition(number >= 0 && number < count && self[number] == nil, "the place is not free")
    unsafe slot(number).pointee.store(Unmanaged.passRetained(log), ordering: .releasing)
  }

  /// Takes the log of a number out; by one thread at a time.
  func remove(at number: Int) {
    guard let log = self[number] else { return }
    retired.withLock { $0.append(log) }
    unsafe slot(number).pointee.exchange(nil, ordering: .acquiringAndReleasing)?.release()
  }

  @inline(__always)
  private static func place(of number: Int) -> (block: Int, index: Int) {
    let block = Int.bitWidth &- 1 &- (number &+ 1).leadingZeroBitCount
    return (block, number &+ 1 &- (1 &<< block))
  }

  /// Where a number's log is kept.
  ///
  /// - Precondition: the number's block was allocated.
  @inline(__always)
  private func slot(_ number: Int) -> UnsafeMutablePointer<Slot> {
    let (block, index) = Self.place(of: number)
    guard let start = unsafe blocks[block] else { preconditionFailure("no such partition") }
    // SAFETY: block `block` has 2^block slots, and `index` is below that.
    return unsafe start + index
  }
}
