import Logging
import MoldauDisk
import MoldauFormat

extension PartitionDirectory {
  /// The id of the topic, zero for a folder that does not say.
  func topicID() throws(LogError) -> TopicID {
    let path = path(StoreLayout.partitionMetadata)
    guard let bytes = try contents(of: path) else { return .zero }
    do throws(FormatError) {
      return try unsafe PartitionMetadata(parsing: bytes.span.bytes).topicID
    } catch {
      throw .corrupt(path: path, position: .zero, reason: error)
    }
  }

  /// What the file says; nil when there is none, or it is damaged: the batches say the same.
  func leaderEpochs(_ logger: Logger) throws(LogError) -> LeaderEpochs? {
    let path = path(StoreLayout.leaderEpochs)
    guard let bytes = try contents(of: path) else { return nil }
    do throws(FormatError) {
      return LeaderEpochs(try unsafe LeaderEpochCheckpoint(parsing: bytes.span.bytes))
    } catch {
      logger.warning("\(path) is damaged and will be written anew: \(error)")
      return nil
    }
  }
}
