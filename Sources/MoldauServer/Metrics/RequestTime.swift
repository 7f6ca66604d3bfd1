import NIOCore

/// Which request it is that is being handled, and since when: for the metrics.
struct RequestTime {
  /// The number of the API, or −1 when the frame is too short to say.
  let api: Int16
  let begun: NIODeadline

  init(of frame: ByteBuffer, begun: NIODeadline) {
    api = frame.getInteger(at: frame.readerIndex) ?? -1
    self.begun = begun
  }
}
