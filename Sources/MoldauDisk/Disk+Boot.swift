extension Disk {
  /// Which run of the machine it is: what was written and not synced outlives a process, and not a
  /// restart of the machine. nil where the system does not say
  /// (`/proc/sys/kernel/random/boot_id`, see proc(5)).
  package func bootID() -> String? {
    var bytes = [UInt8](repeating: 0, count: 64)
    var count = 0
    // SAFETY: the buffer is the array's own storage and is not kept.
    unsafe bytes.withUnsafeMutableBytes { buffer in
      do throws(DiskError) {
        let file = try open("/proc/sys/kernel/random/boot_id", .readOnly)
        count = try unsafe file.read(into: buffer, at: 0)
      } catch {
        count = 0
      }
    }
    let text = String(decoding: bytes[..<count].filter { $0 > 0x20 }, as: UTF8.self)
    return text.isEmpty ? nil : text
  }
}
