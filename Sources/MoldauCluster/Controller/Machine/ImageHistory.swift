/// What has changed in the image lately, so that brokers that are not far behind get just that.
struct ImageHistory: Sendable {
  private var deltas: [ClusterDelta] = []
  private var partitionCount = 0

  mutating func append(_ delta: ClusterDelta) {
    deltas.append(delta)
    partitionCount += delta.partitionCount
    while deltas.count > Limits.keptDeltas || partitionCount > Limits.partitionsInDeltas,
      !deltas.isEmpty
    {
      partitionCount -= deltas.removeFirst().partitionCount
    }
  }

  /// What is newer than `position`: nil when nothing is; all of `image` when what has changed since
  /// is not known any more.
  func update(after position: ImagePosition?, to image: ClusterImage) -> ImageUpdate? {
    guard let position, position.controllerEpoch == image.controllerEpoch,
      position.version <= image.version
    else { return .full(image) }
    guard position.version < image.version else { return nil }
    guard let start = deltas.firstIndex(where: { $0.fromVersion == position.version }) else {
      return .full(image)
    }
    var sum = deltas[start]
    for delta in deltas[(start + 1)...] { sum.append(delta) }
    return .delta(sum)
  }
}

extension ClusterDelta {
  fileprivate var partitionCount: Int { topics.values.reduce(0) { $0 + $1.partitions.count } }
}
