import MoldauProtocol

/// Whole requests, end to end in memory, as they go to a socket.
struct RequestFrames {
  private(set) var bytes: [UInt8] = []
  /// Where each request ends in `bytes`.
  private(set) var ends: [Int] = []

  var count: Int { ends.count }

  /// Adds a request; `slice` is what a `Records.outOfBand` of it stands for.
  mutating func append(
    _ request: some ProtocolRequest, version: Int16, slice: ArraySlice<UInt8> = []
  ) {
    var writer = ProtocolWriter(capacity: 256)
    writer.appendRequest(
      request, version: version, correlationID: Int32(ends.count), clientID: "moldau-bench")
    writer.forEachSegment { segment in
      switch segment {
      case .bytes(let range):
        // SAFETY: the range lies in the writer's bytes.
        unsafe writer.withUnsafeBytes { unsafe bytes += $0[range] }
      case .slice:
        bytes += slice
      }
    }
    ends.append(bytes.count)
  }
}
