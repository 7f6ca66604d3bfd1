import CMoldauBaseline
import Foundation
import Synchronization

/// One of the servers in C, on a thread of its own, for one connection.
final class BaselineServer: Sendable {
  let port: UInt16
  private let listener: CInt
  private let ended = DispatchSemaphore(value: 0)
  private let result = Mutex<CInt>(0)

  /// Takes frames and writes each to a file.
  static func receiver(to file: BaselineFile) throws(BaselineError) -> BaselineServer {
    let descriptor = file.descriptor
    return try BaselineServer { moldau_baseline_receive_frames($0, descriptor) }
  }

  /// Answers each frame with the next slice of a file.
  static func sender(
    of file: BaselineFile, sliceSize: Int, sliceCount: Int
  ) throws(BaselineError) -> BaselineServer {
    let descriptor = file.descriptor
    return try BaselineServer {
      moldau_baseline_send_slices($0, descriptor, sliceSize, sliceCount)
    }
  }

  private init(_ serve: @escaping @Sendable (CInt) -> CInt) throws(BaselineError) {
    var listener: CInt = -1
    var port: UInt16 = 0
    try BaselineError.check(unsafe moldau_baseline_listen(&listener, &port), "listen")
    self.listener = listener
    self.port = port
    Thread.detachNewThread { [self] in
      let code = serve(self.listener)
      result.withLock { $0 = code }
      ended.signal()
    }
  }

  /// Waits until the connection has ended and the server with it.
  func wait() throws(BaselineError) {
    ended.wait()
    close(listener)
    try BaselineError.check(result.withLock { $0 }, "the server in C")
  }
}
