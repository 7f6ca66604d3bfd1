/// The files of a store's folder beside the partitions'. docs/format/log-directory.md.
package enum StoreLayout {
  package static let lock = ".lock"
  package static let cleanShutdownMarker = ".kafka_cleanshutdown"
  package static let metaProperties = "meta.properties"
  package static let recoveryPoints = "recovery-point-offset-checkpoint"
  package static let logStarts = "log-start-offset-checkpoint"
  package static let cleanedOffsets = "cleaner-offset-checkpoint"
  package static let highWatermarks = "replication-offset-checkpoint"
  package static let topicConfigurations = "moldau-topics"
  /// The folder of the coordination tree of a broker that is a cluster of its own.
  package static let coordination = "coordination"
  /// The broker's: below which number producer ids may have been given out.
  package static let producerIDs = "moldau-producer-ids"
  /// Tells the next opening that a sync has failed, so that bytes which the system holds in memory
  /// may be on no device.
  package static let failedSyncMarker = "moldau-sync-failed"
  /// A partition's: its log is being emptied, and goes on at the offset in it.
  package static let resetMarker = "moldau-reset"
  /// A partition's: from the offset in it on records are missing, which a leader would have.
  package static let missingMarker = "moldau-missing"
  package static let partitionMetadata = "partition.metadata"
  package static let leaderEpochs = "leader-epoch-checkpoint"
}
