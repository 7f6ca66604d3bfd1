package import MoldauDisk

/// The ZooKeeper that Debian's packages bring.
package enum ZooKeeperInstallation {
  /// Debian's packages that have all that an ensemble needs.
  package static let packages = ["zookeeper", "default-jre-headless"]

  static let jar = "/usr/share/java/zookeeper.jar"
  /// Writes what the server has to say to its standard error.
  static let loggingJar = "/usr/share/java/slf4j-simple.jar"

  /// Throws `notInstalled` when something is missing.
  package static func check(on disk: some Disk, path: String?) throws(EnsembleError) {
    let folders = (path ?? "/usr/bin").split(separator: ":")
    var isThere = false
    do throws(DiskError) {
      isThere = try disk.kind(of: jar) != nil
      var hasJava = false
      for folder in folders where !hasJava { hasJava = try disk.kind(of: "\(folder)/java") != nil }
      isThere = isThere && hasJava
    } catch { throw .disk(error) }
    if !isThere { throw .notInstalled(packages: packages) }
  }
}
