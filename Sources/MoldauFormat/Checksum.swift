internal import CMoldau

/// The checksum of batches and snapshots: CRC-32C (RFC 3720 §12.1).
package enum Checksum {
  /// Returns the CRC-32C of `bytes`.
  package static func crc32c(_ bytes: RawSpan) -> UInt32 {
    crc32c(extending: 0, bytes)
  }

  /// Returns the CRC-32C of the bytes that gave `crc`, followed by `bytes`.
  package static func crc32c(extending crc: UInt32, _ bytes: RawSpan) -> UInt32 {
    // SAFETY: C reads exactly `count` bytes and keeps no pointer.
    unsafe bytes.withUnsafeBytes { unsafe moldau_crc32c(crc, $0.baseAddress, $0.count) }
  }

  /// Returns the CRC-32C of `bytes`.
  package static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    // SAFETY: C reads exactly `count` bytes and keeps no pointer.
    unsafe moldau_crc32c(0, bytes.baseAddress, bytes.count)
  }
}
