package import MoldauCoordination

/// Where an ensemble is, and which part of its tree is ours: `zk://HOST:PORT,HOST:PORT/chroot`.
package struct ZooKeeperAddress: Hashable, Sendable {
  /// Why a text is no address, for whoever wrote it.
  package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
  }

  private static let scheme = "zk://"
  private static let usualPort: UInt16 = 2181

  /// Each `HOST:PORT`; a host that is an IPv6 address is in brackets.
  package var servers: [String]
  package var chroot: Chroot

  package init(servers: [String], chroot: Chroot) {
    self.servers = servers
    self.chroot = chroot
  }

  /// A host without a port gets 2181. Without a chroot the whole tree is ours.
  package init(_ text: String) throws(Problem) {
    guard text.hasPrefix(Self.scheme) else {
      throw Problem(description: "an ensemble's address begins with zk://, not as in \(text)")
    }
    let rest = text.dropFirst(Self.scheme.count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let path = rest[slash...].isEmpty ? "/" : String(rest[slash...])
    guard NodePath.isValid(path) else {
      throw Problem(description: "\(path) in \(text) is not a path of a tree")
    }
    var servers: [String] = []
    for server in rest[..<slash].split(separator: ",", omittingEmptySubsequences: false) {
      guard let server = Self.withPort(String(server)) else {
        throw Problem(description: "\"\(server)\" in \(text) is not HOST or HOST:PORT")
      }
      servers.append(server)
    }
    self.init(servers: servers, chroot: Chroot(path))
  }

  private static func withPort(_ server: String) -> String? {
    let hostEnd = server.lastIndex(of: "]").map { server.index(after: $0) } ?? server.startIndex
    guard let colon = server[hostEnd...].lastIndex(of: ":") else {
      return server.isEmpty ? nil : "\(server):\(usualPort)"
    }
    guard colon > server.startIndex,
      let port = UInt16(server[server.index(after: colon)...]), port > 0
    else { return nil }
    return server
  }

  /// The servers as ZooKeeper's client takes them.
  var connectString: String { servers.joined(separator: ",") }
}

extension ZooKeeperAddress: CustomStringConvertible {
  package var description: String { Self.scheme + kafkaText }

  /// As Kafka's `zookeeper.connect` has it: without the scheme.
  package var kafkaText: String { connectString + (chroot.path == "/" ? "" : chroot.path) }
}
