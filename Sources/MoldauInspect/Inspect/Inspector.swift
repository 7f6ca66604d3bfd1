package import MoldauReport
package import MoldauDisk
import MoldauFormat
import MoldauLog

/// Shows what a data directory, a partition or one of their files holds.
///
/// Reads only, so that it works beside a store that has the directory open, and on damaged files:
/// what cannot be read is a row of kind `problem`. Rows leave one by one, whatever the size.
package struct Inspector {
  package struct Options: Sendable {
    /// Whether each batch and its records are shown.
    package var showsRecords: Bool
    /// Whether index entries are shown, each held against the log.
    package var showsIndex: Bool

    package init(showsRecords: Bool = false, showsIndex: Bool = false) {
      self.showsRecords = showsRecords
      self.showsIndex = showsIndex
    }
  }

  let disk: any Disk
  let options: Options
  private let emit: (ReportRow) -> Void
  package private(set) var problemCount = 0

  package init(
    options: Options = Options(), disk: any Disk = SystemDisk(),
    emit: @escaping (ReportRow) -> Void
  ) {
    self.options = options
    self.disk = disk
    self.emit = emit
  }

  /// Emits the rows of what is at `path`.
  package mutating func run(_ path: String) throws(InspectError) {
    let path = Self.trimmed(path)
    switch try LogPath(path, disk: disk) {
    case .dataDirectory:
      try inspectStore(try StoreFolder(path: path, disk: disk))
    case .partition:
      try inspectPartition(try PartitionFolder(path: path, disk: disk))
    case .log(let base):
      try inspectLog(path, baseOffset: base)
    case .offsetIndex(let base), .timeIndex(let base):
      try inspectIndex(path, baseOffset: base)
    case let file:
      try inspectFile(path, file)
    }
  }

  /// A path without slashes at its end.
  private static func trimmed(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return String(path)
  }

  mutating func add(_ row: ReportRow) {
    if row.kind == .problem { problemCount += 1 }
    emit(row)
  }

  mutating func problem(_ path: String, at position: Int? = nil, _ message: String) {
    add(.problem(path, at: position, message))
  }
}
