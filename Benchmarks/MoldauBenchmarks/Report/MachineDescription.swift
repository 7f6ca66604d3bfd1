import Foundation

/// The machine that the figures were measured on, and how busy it was.
package struct MachineDescription: Sendable {
  package var processor: String
  package var processorCount: Int
  package var memoryBytes: Int
  package var operatingSystem: String
  package var architecture: String
  /// The type of the file system that held the data, as `ext4`; `nil` when it cannot be told.
  package var fileSystem: String?
  /// Whether the process had real-time priority (`chrt`), so that no other work delayed its wakes.
  package var hasRealTimePriority: Bool
  /// The average number of runnable threads during the minute before the run.
  package var loadAverage: Double?

  package init(dataDirectory: String) {
    processor = Self.processorName ?? "unknown"
    processorCount = ProcessInfo.processInfo.activeProcessorCount
    memoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    var name = utsname()
    let isKnown = unsafe uname(&name) == 0
    operatingSystem =
      isKnown ? "\(Self.string(name.sysname)) \(Self.string(name.release))" : "unknown"
    architecture = isKnown ? Self.string(name.machine) : "unknown"
    fileSystem = Self.fileSystem(of: dataDirectory)
    hasRealTimePriority = Self.isRealTime
    var load = 0.0
    loadAverage = unsafe getloadavg(&load, 1) == 1 ? load : nil
  }

  package var json: JSONValue {
    .object([
      .init("processor", .string(processor)),
      .init("processorCount", .integer(processorCount)),
      .init("memoryBytes", .integer(memoryBytes)),
      .init("operatingSystem", .string(operatingSystem)),
      .init("architecture", .string(architecture)),
      .init("fileSystem", .optional(fileSystem)),
      .init("hasRealTimePriority", .bool(hasRealTimePriority)),
      .init("loadAverage", .optional(loadAverage)),
    ])
  }

  var text: String {
    let load = loadAverage.map { ", load \(Quantity.decimals($0, 1)) before the run" } ?? ""
    let priority = hasRealTimePriority ? "real-time priority" : "ordinary priority"
    return "\(processorCount) × \(processor), \(Quantity.bytes(Double(memoryBytes))), "
      + "\(operatingSystem), \(fileSystem ?? "unknown file system"), \(priority)\(load)."
  }

  private static var processorName: String? {
    let prefix = "model name"
    return lines(ofFile: "/proc/cpuinfo").first { $0.hasPrefix(prefix) }
      .flatMap { $0.split(separator: ":", maxSplits: 1).last }
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The mount with the longest path in front of `directory` holds it.
  private static func fileSystem(of directory: String) -> String? {
    let path = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
    var best: (length: Int, type: String)?
    for line in lines(ofFile: "/proc/self/mounts") {
      let fields = line.split(separator: " ")
      guard fields.count > 2 else { continue }
      let mount = String(fields[1])
      let isAbove = mount == "/" || path == mount || path.hasPrefix(mount + "/")
      if isAbove, mount.count >= best?.length ?? 0 {
        best = (mount.count, String(fields[2]))
      }
    }
    return best?.type
  }

  private static var isRealTime: Bool {
    #if os(Linux)
      let policy = sched_getscheduler(0)
      return policy == SCHED_FIFO || policy == SCHED_RR
    #else
      return false
    #endif
  }

  private static func lines(ofFile path: String) -> [Substring] {
    guard let bytes = FileManager.default.contents(atPath: path) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  private static func string<Characters>(_ characters: Characters) -> String {
    // SAFETY: the tuples of `utsname` hold characters up to a zero byte, at most their size.
    unsafe withUnsafeBytes(of: characters) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
