import MoldauDisk
import MoldauFormat
import Synchronization

/// One file of a partition's log with its indexes: the batches from `baseOffset` on.
///
/// The last segment of a log is active: the log's appender grows it under the append lock. All
/// others are sealed and never change again. Readers may come from any thread; they see what
/// `byteCount` has published.
///
/// INVARIANT: the first `byteCount` bytes of the file are whole batches, never changed in place.
final class Segment: Sendable {
  /// What can be let go and opened again.
  private struct Handles {
    var file: (any DiskFile)?
    var map: (any MappedRegion)?
    var isPinned = false
  }

  private struct Indexes {
    /// `nil` when the index of a sealed segment has not been read yet.
    var offsets: OffsetIndex?
    var times: TimeIndex?
    /// The last entry of a sealed segment's time index, when that alone was read.
    var latest: TimeIndexEntry?
  }

  let baseOffset: Offset
  let directory: PartitionDirectory
  private let handles = Mutex(Handles())
  private let indexes: Mutex<Indexes>
  /// `nil` when the transaction index has not been read yet.
  private let aborted = Mutex<[AbortedTransaction]?>(nil)
  private let publishedByteCount: Atomic<Int>
  /// How many of the bytes were there already, or were synced since they were written.
  private let syncedByteCount: Atomic<Int>
  private let sealed: Atomic<Bool>
  private let useTick = Atomic<Int64>(0)
  /// The first undecided offset when the segment began, −1 when nobody knows.
  private let undecidedAtStart = Atomic<Int64>(-1)
  private let indexesAreDurable: Atomic<Bool>
  /// Whether the indexes stay in memory: their files are another segment's, or gone.
  private let isDetached = Atomic<Bool>(false)
  /// Held while index files are made anew.
  private let rebuilding = Mutex(())

  /// Makes the segment of a file that holds `byteCount` bytes of batches; its indexes are read
  /// from their files when they are first needed.
  init(baseOffset: Offset, directory: PartitionDirectory, byteCount: Int, isSealed: Bool) {
    self.baseOffset = baseOffset
    self.directory = directory
    indexesAreDurable = Atomic(isSealed)
    publishedByteCount = Atomic(byteCount)
    syncedByteCount = Atomic(byteCount)
    sealed = Atomic(isSealed)
    indexes = Mutex(Indexes())
  }

  /// Makes the segment of a file whose batches were just scanned.
  init(
    baseOffset: Offset, directory: PartitionDirectory, byteCount: Int, isSealed: Bool,
    offsetIndex: OffsetIndex, timeIndex: TimeIndex
  ) {
    self.baseOffset = baseOffset
    self.directory = directory
    indexesAreDurable = Atomic(false)
    publishedByteCount = Atomic(byteCount)
    syncedByteCount = Atomic(byteCount)
    sealed = Atomic(isSealed)
    indexes = Mutex(Indexes(offsets: offsetIndex, times: timeIndex))
  }

  deinit {
    directory.budget.closed(by: self)
  }

  /// The bytes of whole batches that readers may see.
  var byteCount: Int { publishedByteCount.load(ordering: .acquiring) }

  var isSealed: Bool { sealed.load(ordering: .acquiring) }

  var lastUse: Int64 { useTick.load(ordering: .relaxed) }

  var logPath: String { path(.log) }

  func path(_ kind: SegmentFileName.Kind) -> String {
    directory.path(SegmentFileName(baseOffset: baseOffset, kind: kind))
  }

  // MARK: Handles

  /// The open log file. Opens it when it was let go.
  func file() throws(LogError) -> any DiskFile {
    useTick.store(directory.budget.now, ordering: .relaxed)
    if let open = handles.withLock({ $0.file }) { return open }
    let opened = Result { () throws(LogError) in try directory.open(logPath, .readWrite) }
    // Another thread may have pinned the file meanwhile, before its name went or came to mean
    // another file: then that one counts.
    let kept = handles.withLock { handles in
      if handles.file == nil, case .success(let opened) = opened { handles.file = opened }
      return handles.file
    }
    guard let kept else { return try opened.get() }
    directory.budget.opened(by: self)
    return kept
  }

  /// Keeps a file that was just created.
  func adopt(_ file: any DiskFile) {
    handles.withLock { $0.file = file }
    directory.budget.opened(by: self)
  }

  /// Opens the log file for good: its name is about to go, and readers may still come.
  func pin() throws(LogError) {
    let pinned = try file()
    handles.withLock { handles in
      handles.file = pinned
      handles.isPinned = true
    }
  }

  /// Reads the indexes and keeps them and the log file for good: their names are about to go, or to
  /// mean another segment's files, and readers may still come.
  ///
  func detach() throws(LogError) {
    isDetached.store(true, ordering: .releasing)
    // A reader that is making the files anew at the moment is done then, and no other begins.
    rebuilding.withLock { _ in }
    _ = try offsetIndex()
    _ = try timeIndex()
    _ = try abortedTransactions()
    try pin()
  }

  /// The log file in memory.
  ///
  /// - Precondition: the segment is sealed, so that its file is never truncated again.
  func map() throws(LogError) -> any MappedRegion {
    precondition(isSealed, "only sealed segments are mapped")
    useTick.store(directory.budget.now, ordering: .relaxed)
    if let mapped = handles.withLock({ $0.map }) { return mapped }
    let log = try file()
    let mapped: any MappedRegion
    do { mapped = try log.map(byteCount, at: 0, writable: false) } catch { throw LogError(error) }
    handles.withLock { $0.map = mapped }
    return mapped
  }

  /// Lets the file, the map and, of a sealed segment, the indexes go. Current readers keep theirs.
  func releaseHandles() {
    let released = handles.withLock { handles in
      defer {
        handles.map = nil
        if !handles.isPinned { handles.file = nil }
      }
      return handles
    }
    _ = consume released
    releaseIndexes()
  }

  // MARK: Syncing

  /// Whether bytes were written through the file that no sync has covered: it must not be closed then.
  var hasUnsyncedBytes: Bool { syncedByteCount.load(ordering: .acquiring) < byteCount }

  /// Notes that a sync has covered the first bytes.
  func noteSynced(byteCount: Int) {
    _ = syncedByteCount.max(byteCount, ordering: .acquiringAndReleasing)
  }

  /// Notes that all bytes were written once more.
  func noteRewritten() {
    syncedByteCount.store(0, ordering: .releasing)
  }

  // MARK: Growing, by the log's appender under the append lock

  /// Lets readers see the bytes up to `byteCount`.
  func publish(byteCount: Int) {
    publishedByteCount.store(byteCount, ordering: .releasing)
  }

  /// Adds index entries for the batch at `position`.
  func addIndexEntry(lastOffset: Offset, position: Int, time: TimeIndexEntry?) {
    indexes.withLock { indexes in
      indexes.offsets?.append(
        relativeOffset: relative(lastOffset), position: position)
      if let time { indexes.times?.append(time) }
    }
  }

  /// Makes the indexes ones that grow, reading what their files hold.
  func prepareForAppends() throws(LogError) {
    let offsets = try offsetIndex().growing()
    let times = try timeIndex()
    _ = try abortedTransactions()
    indexes.withLock { $0 = Indexes(offsets: offsets, times: times) }
  }

  /// Closes the segment for appends; `time` is the last time index entry.
  func seal(time: TimeIndexEntry?) {
    indexesAreDurable.store(false, ordering: .releasing)
    indexes.withLock { indexes in
      if let time { indexes.times?.append(time) }
    }
    sealed.store(true, ordering: .releasing)
  }

  /// Makes a segment that was read as a sealed one the active one again.
  func reopen() {
    indexesAreDurable.store(false, ordering: .releasing)
    sealed.store(false, ordering: .releasing)
  }

  /// The offset from the base as it stands in index files.
  func relative(_ offset: Offset) -> Int32 {
    Int32(clamping: offset - baseOffset)
  }

  // MARK: Aborted transactions

  /// Whether all transactions that began below `offset` had ended when the segment began.
  func beganAfterTransactions(below offset: Offset) -> Bool {
    undecidedAtStart.load(ordering: .relaxed) >= offset.rawValue
  }

  /// Notes the first undecided offset at the segment's beginning, before others see the segment.
  func noteUndecidedAtStart(_ offset: Offset) {
    undecidedAtStart.store(offset.rawValue, ordering: .relaxed)
  }

  /// The transactions that were aborted by a marker in this segment, in the markers' order.
  func abortedTransactions() throws(LogError) -> [AbortedTransaction] {
    if let loaded = aborted.withLock({ $0 }) { return loaded }
    let bytes = try directory.contents(of: path(.txnindex)) ?? []
    var loaded: [AbortedTransaction] = []
    let step = AbortedTransaction.byteCount
    for start in stride(from: 0, through: bytes.count - step, by: step) {
      do throws(FormatError) {
        loaded.append(
          try unsafe AbortedTransaction(parsing: bytes.span.bytes.extracting(start..<start + step)))
      } catch {
        throw .corrupt(
          path: path(.txnindex), position: FilePosition(rawValue: start), reason: error)
      }
    }
    return aborted.withLock { aborted in
      let kept = aborted ?? loaded
      aborted = kept
      return kept
    }
  }

  /// Adds one, by the log's appender; the file is written when the segment is sealed or closed.
  func addAborted(_ transaction: AbortedTransaction) {
    aborted.withLock { aborted in
      aborted = aborted ?? []
      aborted?.append(transaction)
    }
  }

  /// Takes what a scan of the whole segment has found.
  func setAborted(_ transactions: [AbortedTransaction]) {
    aborted.withLock { $0 = transactions }
  }

  // MARK: Indexes

  /// The number of entries of the offset index.
  func indexEntryCount() throws(LogError) -> Int {
    try offsetIndex().count
  }

  /// Returns the position from which to scan for `offset`.
  func floor(of offset: Offset) throws(LogError) -> Int {
    let target = relative(offset)
    if let found = indexes.withLock({ $0.offsets?.floor(of: target) }) { return found }
    return try offsetIndex().floor(of: target)
  }

  /// Returns a batch start at or below `position`, found without reading the log.
  func floor(ofPosition position: Int) throws(LogError) -> Int {
    if let found = indexes.withLock({ $0.offsets?.floor(ofPosition: position) }) { return found }
    return try offsetIndex().floor(ofPosition: position)
  }

  func offsetIndex() throws(LogError) -> OffsetIndex {
    if let loaded = indexes.withLock({ $0.offsets }) { return loaded }
    let loaded: OffsetIndex
    if byteCount == 0 {
      loaded = OffsetIndex()
    } else if let read = try directory.readOffsetIndex(path(.index), logByteCount: byteCount) {
      loaded = read
    } else {
      loaded = try rebuildIndexes().offsets
    }
    // Another thread may have read it meanwhile, before its name came to mean another file: then that
    // one counts.
    let kept = indexes.withLock { indexes in
      let kept = indexes.offsets ?? loaded
      indexes.offsets = kept
      return kept
    }
    directory.budget.opened(by: self)
    return kept
  }

  func timeIndex() throws(LogError) -> TimeIndex {
    if let loaded = indexes.withLock({ $0.times }) { return loaded }
    let loaded: TimeIndex
    if byteCount == 0 {
      loaded = TimeIndex()
    } else if let read = try directory.readTimeIndex(path(.timeindex)), try covers(read.last) {
      loaded = read
    } else {
      loaded = try rebuildIndexes().times
    }
    let kept = indexes.withLock { indexes in
      let kept = indexes.times ?? loaded
      indexes.times = kept
      return kept
    }
    directory.budget.opened(by: self)
    return kept
  }

  /// The latest timestamp of a sealed segment and the last offset of the batch that holds it.
  ///
  /// Reads one entry of the file, not the index.
  func latestTime() throws(LogError) -> TimeIndexEntry? {
    let known = indexes.withLock { $0.times?.last ?? $0.latest }
    if let known { return known }
    guard hasDurableIndexes, let read = try directory.readLatestTime(path(.timeindex)),
      try covers(read)
    else { return try timeIndex().last }
    indexes.withLock { $0.latest = read }
    return read
  }

  /// Whether a time index whose last entry is `latest` knows the timestamps behind the offset index's
  /// last entry: one that has lost its end would hide them, and let retention take them for older.
  private func covers(_ latest: TimeIndexEntry?) throws(LogError) -> Bool {
    guard isSealed else { return true }
    let latest = latest?.timestampMilliseconds ?? -1
    var reader = BatchReader(
      file: try file(), from: try offsetIndex().lastPosition, to: byteCount, checksChecksums: false)
    while case .batch(let header, _) = try reader.next() {
      if header.maxTimestampMilliseconds > latest { return false }
    }
    return true
  }

  /// Adds the time index entry that is forced when the log is closed.
  func noteLatest(_ entry: TimeIndexEntry?) {
    guard let entry else { return }
    indexes.withLock { $0.times?.append(entry) }
  }

  /// Writes the index files as they are now, to be put in place with others.
  func stageIndexes(in staged: inout StagedFiles) throws(LogError) {
    let (offsets, times) = indexes.withLock { ($0.offsets, $0.times) }
    if let offsets, !offsets.isMapped { try staged.add(path(.index), offsets.encoded()) }
    if let times { try staged.add(path(.timeindex), times.encoded()) }
    if let aborted = aborted.withLock({ $0 }) {
      guard try aborted.isEmpty ? hasFile(.txnindex) : true else { return }
      var bytes: [UInt8] = []
      for transaction in aborted { transaction.encode(into: &bytes) }
      try staged.add(path(.txnindex), bytes)
    }
  }

  /// Whether there is such a file: one that has nothing to tell any more must not stay as it was.
  private func hasFile(_ kind: SegmentFileName.Kind) throws(LogError) -> Bool {
    do throws(DiskError) { return try directory.disk.kind(of: path(kind)) == .file } catch {
      throw LogError(error)
    }
  }

  /// Whether the index files of the sealed segment are whole and synced.
  var hasDurableIndexes: Bool { indexesAreDurable.load(ordering: .acquiring) }

  /// Notes it, and lets the indexes leave memory; they are read again when they are needed.
  func noteDurableIndexes() {
    indexesAreDurable.store(true, ordering: .releasing)
    releaseIndexes()
  }

  private func releaseIndexes() {
    guard isSealed, hasDurableIndexes else { return }
    indexes.withLock { indexes in
      if !isDetached.load(ordering: .acquiring) { indexes = Indexes() }
    }
  }

  /// Makes the indexes of a sealed segment anew from its log, and writes them.
  private func rebuildIndexes() throws(LogError) -> (offsets: OffsetIndex, times: TimeIndex) {
    try rebuilding.withLock { _ throws(LogError) in
      var scan = SegmentScan(
        baseOffset: baseOffset, indexIntervalBytes: directory.indexIntervalBytes)
      try scan.readBatches(of: try file(), from: 0, to: byteCount)
      scan.finishTimes()
      guard !isDetached.load(ordering: .acquiring) else { return (scan.offsets, scan.times) }
      var staged = StagedFiles(disk: directory.disk)
      try staged.add(path(.index), scan.offsets.encoded())
      try staged.add(path(.timeindex), scan.times.encoded())
      try staged.sync()
      try staged.install()
      try directory.sync()
      return (scan.offsets, scan.times)
    }
  }
}
