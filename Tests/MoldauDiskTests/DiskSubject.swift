import Foundation
import MoldauDisk

/// The disks that one contract suite is run against.
enum DiskSubject: String, CaseIterable, Sendable {
  case system
  case simulated
  case simulatedWithoutCrashes

  /// Calls `body` with a disk and an empty folder on it.
  func withFolder(_ body: (any Disk, String) throws -> Void) throws {
    switch self {
    case .system:
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("moldau-disk-\(UUID().uuidString)").path
      let disk = SystemDisk()
      try disk.makeDirectory(folder)
      defer {
        do {
          try FileManager.default.removeItem(atPath: folder)
        } catch {
          print("left behind: \(folder): \(error)")
        }
      }
      try body(disk, folder)
    case .simulated, .simulatedWithoutCrashes:
      let disk = SimulatedDisk(isCrashable: self == .simulated)
      try disk.makeDirectory("/data")
      try body(disk, "/data")
    }
  }
}

extension DiskFile {
  func write(_ text: String, at position: Int = 0) throws {
    // SAFETY: the bytes live for the call.
    try unsafe Array(text.utf8).withUnsafeBytes { try unsafe write($0, at: position) }
  }

  func write(_ bytes: [UInt8], at position: Int) throws {
    // SAFETY: the bytes live for the call.
    try unsafe bytes.withUnsafeBytes { try unsafe write($0, at: position) }
  }

  func write(_ head: [UInt8], _ body: [UInt8], at position: Int) throws {
    // SAFETY: the bytes live for the call.
    try unsafe head.withUnsafeBytes { head in
      try unsafe body.withUnsafeBytes { body in try unsafe write(head, body, at: position) }
    }
  }

  func bytes(_ count: Int, at position: Int = 0) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    // SAFETY: the array lives for the call.
    let found = try unsafe bytes.withUnsafeMutableBytes { try unsafe read(into: $0, at: position) }
    return Array(bytes.prefix(found))
  }

  func text() throws -> String {
    String(decoding: try bytes(try size()), as: UTF8.self)
  }
}

extension MappedRegion {
  func text(_ count: Int) -> String {
    // SAFETY: the tests ask for no more than the region holds.
    unsafe String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
  }

  func store(_ text: String, at position: Int = 0) {
    for (index, byte) in text.utf8.enumerated() {
      // SAFETY: the tests store within the region.
      unsafe base.storeBytes(of: byte, toByteOffset: position + index, as: UInt8.self)
    }
  }
}

extension Disk {
  func put(_ text: String, _ path: String) throws {
    try open(path, .createEmpty).write(text)
  }

  func text(_ path: String) throws -> String {
    try open(path, .readOnly).text()
  }

  func names(_ path: String) throws -> [String] {
    try list(path).map(\.name).sorted()
  }
}

/// Returns the error that `body` throws.
func failure(_ body: () throws -> Void) -> DiskError? {
  do {
    try body()
    return nil
  } catch let error as DiskError {
    return error
  } catch {
    return nil
  }
}
