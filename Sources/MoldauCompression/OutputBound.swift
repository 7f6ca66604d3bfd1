/// How far an array may grow while it is decoded into.
struct OutputBound {
  /// The array's count before the first decoded byte.
  let start: Int
  /// The most decoded bytes.
  let limit: Int

  /// The bytes that may still come.
  func remaining(in output: [UInt8]) -> Int {
    limit - (output.count - start)
  }

  /// The room to decode into next: what is spare already, else as much again as was decoded.
  func room(in output: [UInt8], inputByteCount: Int) -> Int {
    let decoded = output.count - start
    let (expected, overflows) =
      inputByteCount.multipliedReportingOverflow(by: Limits.expectedCompressionRatio)
    let first = max(Limits.leastDecodingRoom, overflows ? inputByteCount : expected)
    let spare = output.capacity - output.count
    let wanted = spare >= Limits.leastDecodingRoom ? spare : max(decoded, first)
    return min(wanted, remaining(in: output))
  }

  /// Makes room for `byteCount` more bytes; at least doubles what was decoded, within the bound.
  func reserve(_ byteCount: Int, in output: inout [UInt8]) {
    precondition(byteCount <= remaining(in: output), "the caller checks the bound")
    guard output.capacity - output.count < byteCount else { return }
    let decoded = output.count - start
    output.reserveCapacity(output.count + min(max(byteCount, decoded), remaining(in: output)))
  }
}
