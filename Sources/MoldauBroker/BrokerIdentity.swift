import MoldauCluster
import MoldauDisk
package import MoldauFormat
package import MoldauLog

/// Which broker of which cluster a directory belongs to: what its `meta.properties` says.
///
/// Format: docs/format/meta-properties.md.
package struct BrokerIdentity: Hashable, Sendable {
  /// Empty as long as the directory is of no cluster.
  package let clusterID: String
  package let nodeID: Int32
  /// Tells the directory from others of the broker.
  package let directoryID: TopicID

  private static let fileName = "meta.properties"

  /// Reads the identity from the store's directory; a new directory gets one.
  ///
  /// - Parameters:
  ///   - nodeID: the number that the caller wants the broker to have; nil takes any.
  ///   - isAlone: whether the broker is a cluster of its own; one that joins others gets the
  ///     cluster's name from them (`adopt`).
  package static func load(
    from store: LogStore, nodeID wanted: Int32?, isAlone: Bool = true,
    using generator: inout some RandomNumberGenerator
  ) throws(BrokerError) -> BrokerIdentity {
    if isAlone { try checkIsAlone(store) }
    let path = "\(store.path)/\(fileName)"
    let found = try read(path, store.disk)
    if let wanted, let owner = found?.nodeID, owner != wanted {
      throw .otherNode(path: path, owner: owner, wanted: wanted)
    }
    var properties = found ?? MetaProperties(clusterID: nil, nodeID: nil, directoryID: nil)
    if isAlone, properties.clusterID == nil {
      properties.clusterID = TopicID.random(using: &generator).base64
    }
    let nodeID = found?.nodeID ?? wanted ?? 1
    let directoryID = found?.directoryID ?? .random(using: &generator)
    properties.nodeID = nodeID
    properties.directoryID = directoryID
    if properties != found { try write(properties, path, store.disk) }
    return BrokerIdentity(
      clusterID: properties.clusterID ?? "", nodeID: nodeID, directoryID: directoryID)
  }

  /// Refuses a directory of a cluster: what is appended without the others would look like theirs.
  private static func checkIsAlone(_ store: LogStore) throws(BrokerError) {
    let path = "\(store.path)/\(MemberFile.name)"
    do throws(DiskError) {
      guard try store.disk.kind(of: path) == .file else { return }
    } catch {
      throw .store(LogError(error))
    }
    throw .memberOfCluster(path: path)
  }

  /// Notes which cluster the store's directory belongs to from now on. Blocks.
  package static func adopt(
    clusterID: String, in store: LogStore
  ) throws(BrokerError) {
    let path = "\(store.path)/\(fileName)"
    var properties =
      try read(path, store.disk)
      ?? MetaProperties(clusterID: nil, nodeID: nil, directoryID: nil)
    guard properties.clusterID != clusterID else { return }
    properties.clusterID = clusterID
    try write(properties, path, store.disk)
  }

  private static func write(
    _ properties: MetaProperties, _ path: String, _ disk: any Disk
  ) throws(BrokerError) {
    do throws(DiskError) {
      try disk.replaceFile(at: path, with: properties.encode(), isDurable: true)
    } catch {
      throw .store(LogError(error))
    }
  }

  private static func read(
    _ path: String, _ disk: any Disk
  ) throws(BrokerError) -> MetaProperties? {
    let bytes: [UInt8]
    do throws(DiskError) {
      guard try disk.kind(of: path) == .file else { return nil }
      bytes = try disk.contents(of: path)
    } catch {
      throw .store(LogError(error))
    }
    do throws(FormatError) {
      // SAFETY: bytes have no padding between them.
      return try unsafe MetaProperties(parsing: bytes.span.bytes)
    } catch {
      throw .damagedIdentity(path: path, reason: error)
    }
  }
}
