import MoldauDisk
import MoldauFormat
package import MoldauLog

/// Which broker of which cluster a directory belongs to: what its `meta.properties` says.
///
/// Format: docs/format/meta-properties.md.
package struct BrokerIdentity: Hashable, Sendable {
  package let clusterID: String
  package let nodeID: Int32

  private static let fileName = "meta.properties"

  /// Reads the identity from the store's directory; a new directory gets one.
  ///
  /// - Parameter nodeID: the number that the caller wants the broker to have; nil takes any.
  package static func load(
    from store: LogStore, nodeID wanted: Int32?, using generator: inout some RandomNumberGenerator
  ) throws(BrokerError) -> BrokerIdentity {
    let path = "\(store.path)/\(fileName)"
    let found = try read(path, store.disk)
    if let wanted, let owner = found?.nodeID, owner != wanted {
      throw .otherNode(path: path, owner: owner, wanted: wanted)
    }
    let identity = BrokerIdentity(
      clusterID: found?.clusterID ?? TopicID.random(using: &generator).base64,
      nodeID: found?.nodeID ?? wanted ?? 1)
    var properties = found ?? MetaProperties(clusterID: nil, nodeID: nil, directoryID: nil)
    properties.clusterID = identity.clusterID
    properties.nodeID = identity.nodeID
    if properties.directoryID == nil { properties.directoryID = .random(using: &generator) }
    guard properties != found else { return identity }
    do throws(DiskError) {
      try store.disk.replaceFile(at: path, with: properties.encode(), isDurable: true)
    } catch {
      throw .store(LogError(error))
    }
    return identity
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
