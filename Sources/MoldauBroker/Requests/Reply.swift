package import MoldauLog
package import MoldauProtocol

/// An answer on its way out: the writer's bytes, and slices of log files between them.
///
/// One serves an event loop for its life: `reset` keeps the memory.
package struct Reply: ~Copyable {
  package private(set) var writer = ProtocolWriter(capacity: 4096)
  /// What `ProtocolWriter.Segment.slice` counts through.
  package private(set) var slices: [LogSlice] = []

  /// The first error that an answer says since the last `reset`.
  package var firstError: ErrorCode? { writer.firstError }

  package init() {}

  package mutating func reset() {
    writer.reset()
    slices.removeAll(keepingCapacity: true)
  }

  /// Adds a slice that the answer will name; returns how it names it.
  mutating func add(_ slice: LogSlice) -> Records {
    slices.append(slice)
    return .outOfBand(slice: slices.count - 1, count: slice.count)
  }

  /// Writes the frame of the answer to the request that `header` stood in front of.
  mutating func answer(_ response: some ProtocolResponse, to header: RequestHeader) {
    writer.appendResponse(
      response, version: header.version, correlationID: header.correlationID)
  }

  /// As `answer`, in the form of another version than the request's.
  mutating func answer(
    _ response: some ProtocolResponse, to header: RequestHeader, inVersion version: Int16
  ) {
    writer.appendResponse(response, version: version, correlationID: header.correlationID)
  }

  /// Writes the frame of an answer that another broker has made, its header included.
  mutating func relay(_ answer: [UInt8]) {
    let frame = writer.beginFrame()
    // SAFETY: the writer copies the bytes.
    unsafe answer.withUnsafeBytes { unsafe writer.append($0) }
    writer.endFrame(frame)
  }
}
