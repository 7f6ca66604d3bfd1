import MoldauLog

/// How far the coordinator has read the partitions of the internal topic that are its own.
struct GroupLoading: Sendable {
  enum Progress: Hashable, Sendable {
    /// It is being read, or waits for its turn.
    case reading
    /// It was read; whether all of it is committed is not known yet.
    case settling
    case loaded
    /// Nobody reads it again before this time of the steady clock, in milliseconds.
    case failed(retryTime: Int64)

    var isUnderWay: Bool { self == .reading || self == .settling }

    /// Whether it is known what the log has.
    var isRead: Bool { self == .loaded || self == .settling }

    var hasFailed: Bool {
      if case .failed = self { true } else { false }
    }
  }

  struct Place: Sendable {
    let partition: CoordinatedPartition
    var progress = Progress.reading
  }

  /// What has become of opening the internal topic, which a broker of a cluster does not do itself.
  enum Opening: Hashable, Sendable {
    case needed
    case underWay
    case done
    /// A request may have it tried again.
    case failed
  }

  var opening: Opening
  var isStopping = false
  /// The partitions that the whole topic has; 0 until that is known.
  var partitionCount = 0
  /// By number: the partitions whose groups this broker coordinates.
  var places: [Int: Place] = [:]
  var waiters: [Int: (groupIDs: [String]?, body: @Sendable () -> Void)] = [:]
  var lastWaiter = 0

  /// The place of the partition to which a group belongs, if it is here.
  func place(of id: String) -> Place? {
    guard partitionCount > 0 else { return nil }
    return places[GroupOffsets.partition(of: id, partitionCount: partitionCount)]
  }

  /// Those that matter to a request for these groups, nil for all. A group that belongs elsewhere has
  /// none, and nothing to wait for.
  private func places(of groupIDs: [String]?) -> [Place] {
    groupIDs?.compactMap(place)
      ?? places.values.sorted { $0.partition.number < $1.partition.number }
  }

  func readiness(of groupIDs: [String]?) -> GroupCoordinator.Readiness {
    switch opening {
    case .needed, .underWay: return .loading
    case .failed: return .failed
    case .done: break
    }
    let places = places(of: groupIDs)
    if places.contains(where: \.progress.isUnderWay) { return .loading }
    // A list of all groups has those that could be read.
    if groupIDs == nil { return .ready }
    return places.contains(where: \.progress.hasFailed) ? .failed : .ready
  }

  /// The partitions that matter to a request, could not be read, and are to be tried again now.
  func due(_ groupIDs: [String]?, now: Int64) -> [CoordinatedPartition] {
    places(of: groupIDs).compactMap { place in
      guard case .failed(let retryTime) = place.progress, retryTime <= now else { return nil }
      return place.partition
    }
  }

  /// Notes what has become of a partition; returns false when it has ended since.
  mutating func note(_ progress: Progress, of partition: CoordinatedPartition) -> Bool {
    guard places[partition.number]?.partition === partition else { return false }
    places[partition.number]?.progress = progress
    return true
  }

  /// Takes out those who wait for nothing any more.
  mutating func takeReadyWaiters() -> [@Sendable () -> Void] {
    let done = waiters.filter { readiness(of: $0.value.groupIDs) != .loading }
    for id in done.keys { waiters[id] = nil }
    return done.sorted { $0.key < $1.key }.map(\.value.body)
  }
}
