/// What a broker is to one of its partitions.
package enum PartitionRole: Hashable, Sendable {
  /// There is no cluster: everyone writes and reads here.
  case standalone
  case leader(epoch: Int32)
  /// −1 when the partition has no leader now.
  case follower(leader: Int32, epoch: Int32)
  /// The cluster has not said yet, or no longer has it here.
  case none
}
