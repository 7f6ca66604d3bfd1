import MoldauFormat

extension FuzzTarget {
  /// The text files of a log directory, and its names.
  static let directoryFileTargets = [
    FuzzTarget("offset-checkpoint") { expectStable(OffsetCheckpoint.self, $0) },
    FuzzTarget("leader-epoch-checkpoint") { expectStable(LeaderEpochCheckpoint.self, $0) },
    FuzzTarget("partition-metadata") { expectStable(PartitionMetadata.self, $0) },
    FuzzTarget("meta-properties") { expectStable(MetaProperties.self, $0) },
    FuzzTarget("clean-shutdown-marker") { expectStable(CleanShutdownMarker.self, $0) },
    FuzzTarget("file-name") { bytes in
      let name = text(bytes)
      if let file = SegmentFileName(parsing: name) {
        hold(file.description == name, "a segment's file has one name")
      }
      if let partition = TopicPartition(directoryName: name) {
        hold(partition.directoryName == name, "a partition's folder has one name")
        let deleted = partition.deletedDirectoryName(token: .zero)
        hold(TopicPartition.isDeletedDirectoryName(deleted), "a deleted one is known")
        hold(TopicPartition(directoryName: deleted) == nil, "and not taken for a live one")
        hold(deleted.utf8.count <= 255, "every file system takes the name")
      }
      if let id = TopicID(base64: name) {
        hold(id.base64 == name, "a topic's id has one spelling")
      }
    },
  ]
}

extension OffsetCheckpoint: Reencodable {}
extension LeaderEpochCheckpoint: Reencodable {}
extension PartitionMetadata: Reencodable {}
extension MetaProperties: Reencodable {}
extension CleanShutdownMarker: Reencodable {}
