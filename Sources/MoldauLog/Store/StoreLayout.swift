import MoldauDisk
import MoldauFormat

/// The files of a store's folder beside the partitions'. docs/format/log-directory.md.
enum StoreLayout {
  static let lock = ".lock"
  static let cleanShutdownMarker = ".kafka_cleanshutdown"
  static let metaProperties = "meta.properties"
  static let recoveryPoints = "recovery-point-offset-checkpoint"
  static let logStarts = "log-start-offset-checkpoint"
  static let highWatermarks = "replication-offset-checkpoint"
  static let topicConfigurations = "moldau-topics"
  /// Tells the next opening that a sync has failed, so that bytes which the system holds in memory
  /// may be on no device.
  static let failedSyncMarker = "moldau-sync-failed"
  static let partitionMetadata = "partition.metadata"
  static let leaderEpochs = "leader-epoch-checkpoint"
}
