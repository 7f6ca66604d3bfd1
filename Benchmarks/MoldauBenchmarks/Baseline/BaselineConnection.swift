import CMoldauBaseline
import Foundation

/// A connection that carries prebuilt frames; closed when it is released.
final class BaselineConnection {
  private let socket: CInt

  init(host: String, port: UInt16) throws(BaselineError) {
    var socket: CInt = -1
    // SAFETY: the strings live during the call.
    let error = unsafe moldau_baseline_connect(host, String(port), &socket)
    try BaselineError.check(error, "the connection to \(host):\(port)")
    self.socket = socket
  }

  deinit {
    close(socket)
  }

  /// Sends `requestCount` requests, the frames over and over, at most `inFlight` of them unanswered;
  /// returns how many bytes the answers held.
  func exchange(
    _ frames: RequestFrames, requestCount: Int, inFlight: Int = 1
  ) throws(BaselineError) -> Int {
    var answerBytes: UInt64 = 0
    // SAFETY: `ends` says where in `bytes` each frame ends; C reads no further.
    let error = unsafe frames.bytes.withUnsafeBufferPointer { bytes in
      unsafe frames.ends.withUnsafeBufferPointer { ends in
        unsafe moldau_baseline_exchange(
          socket, bytes.baseAddress, ends.baseAddress, ends.count, requestCount, inFlight,
          &answerBytes)
      }
    }
    try BaselineError.check(error, "the exchange with the server")
    return Int(answerBytes)
  }
}
