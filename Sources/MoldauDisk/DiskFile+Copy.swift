extension DiskFile {
  /// Copies the bytes of `range` to `position` of another file.
  package func copy(
    _ range: Range<Int>, to other: any DiskFile, at position: Int
  ) throws(DiskError) {
    let chunkByteCount = 1 << 20
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: chunkByteCount, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var done = 0
    while done < range.count {
      let chunk = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(chunkByteCount, range.count - done)])
      let count = try unsafe read(into: chunk, at: range.lowerBound + done)
      guard count > 0 else { return }
      try unsafe other.write(
        UnsafeRawBufferPointer(rebasing: chunk[..<count]), at: position + done)
      done += count
    }
  }
}
