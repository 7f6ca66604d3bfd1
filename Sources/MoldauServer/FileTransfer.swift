import Glibc
import MoldauLog
import NIOCore

/// Sends pieces of log files without a copy (sendfile): the one place that knows how NIO does it.
///
/// NIO's file handles refuse a second use at the same time (EBUSY), and several connections send
/// from one segment file. So each transfer has a duplicate of the descriptor, closed when it is
/// done. sendfile takes its own position, so that duplicates do not disturb each other. On a cold
/// file it waits for the disk, and the event loop with it.
enum FileTransfer {
  static func canSend(_ slice: LogSlice) -> Bool { slice.file.descriptor != nil }

  /// Writes the slice to the channel.
  ///
  /// - Throws: when the process has no descriptor left.
  static func write(
    _ slice: LogSlice, to context: ChannelHandlerContext
  ) throws(LogError) {
    guard let descriptor = slice.file.descriptor else {
      preconditionFailure("canSend was not asked")
    }
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .io(call: "fcntl", path: slice.file.path, errno: errno) }
    let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: copy)
    let region = FileRegion(
      fileHandle: handle, readerIndex: slice.position, endIndex: slice.position + slice.count)
    context.write(NIOAny(IOData.fileRegion(region))).whenComplete { _ in
      do {
        try handle.close()
      } catch {
        preconditionFailure("a descriptor of our own closes: \(error)")
      }
    }
  }
}
