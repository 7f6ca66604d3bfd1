import CMoldauBaseline
import Foundation

/// How much memory of the process is resident, as the kernel counts it.
///
/// One process measures all rows, so the kernel's peak is set back before each round; what earlier
/// rows still hold is part of it. Pages of mapped files count as long as they are mapped in.
package struct ResidentMemory: Sendable {
  /// Resident now.
  package var bytes: Int
  /// Resident now, without the pages of mapped files.
  package var anonymousBytes: Int
  /// The most that was resident since `resetPeak`.
  package var peakBytes: Int

  /// `nil` where the kernel does not tell (anywhere but on Linux).
  package static var current: ResidentMemory? { named("self") }

  /// The memory of another process; `nil` where the kernel does not tell.
  static func of(process pid: pid_t) -> ResidentMemory? { named(String(pid)) }

  private static func named(_ process: String) -> ResidentMemory? {
    guard let contents = FileManager.default.contents(atPath: "/proc/\(process)/status") else {
      return nil
    }
    return ResidentMemory(status: String(decoding: contents, as: UTF8.self))
  }

  /// Parses the kernel's `/proc/self/status`; `nil` when a line is missing.
  package init?(status: String) {
    var kibibytes: [Substring: Int] = [:]
    for line in status.split(separator: "\n") {
      let fields = line.split { $0 == ":" || $0 == " " || $0 == "\t" }
      if fields.count == 3, fields[2] == "kB" { kibibytes[fields[0]] = Int(fields[1]) }
    }
    guard let resident = kibibytes["VmRSS"], let anonymous = kibibytes["RssAnon"],
      let peak = kibibytes["VmHWM"]
    else { return nil }
    bytes = resident * 1024
    anonymousBytes = anonymous * 1024
    peakBytes = peak * 1024
  }

  /// Sets the kernel's peak back to what is resident now.
  static func resetPeak() {
    // SAFETY: the path is a literal.
    let file = unsafe open("/proc/self/clear_refs", O_WRONLY)
    guard file >= 0 else { return }
    // SAFETY: one byte is read from a literal. Where the kernel refuses, the peak is the process's.
    _ = unsafe write(file, "5", 1)
    close(file)
  }

  /// What the allocator has given out; memory that earlier rows freed may be part of it again.
  static var heapBytes: Int { Int(moldau_baseline_heap_bytes()) }

  /// Hands memory that was freed back to the system, so that a row starts from what is in use.
  static func releaseFreed() {
    moldau_baseline_release_freed()
  }
}
