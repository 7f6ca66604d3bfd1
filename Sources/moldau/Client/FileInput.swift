import Glibc
import MoldauCommands

/// A file or the standard input, read as bytes come.
final class FileInput: CommandInput {
  private static let chunkByteCount = 256 << 10

  private let name: String
  private let descriptor: Int32

  /// - Parameter path: nil: the standard input.
  init(_ path: String?) throws {
    name = path ?? "the standard input"
    guard let path else {
      descriptor = STDIN_FILENO
      return
    }
    // SAFETY: the call reads the path, which ends with a zero.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandFailure(
        "\(path) cannot be opened: \(unsafe String(cString: strerror(errno))).")
    }
  }

  deinit {
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// The size of a file; nil of anything else.
  var byteCount: Int? {
    var status = stat()
    // SAFETY: the call fills in `status`.
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    return Int(status.st_size)
  }

  func next(waitMilliseconds: Int32) throws -> InputChunk {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // SAFETY: poll reads and writes the one entry.
    let ready = unsafe poll(&entry, 1, waitMilliseconds)
    if ready == 0 || (ready < 0 && errno == EINTR) { return .nothingYet }
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.chunkByteCount) { buffer, count in
      // SAFETY: read fills the buffer within its count.
      let received = unsafe read(descriptor, buffer.baseAddress, buffer.count)
      if received < 0 { failure = errno }
      count = max(0, received)
    }
    if failure == EINTR || failure == EAGAIN { return .nothingYet }
    guard failure == 0 else {
      throw CommandFailure(
        "\(name) cannot be read: \(unsafe String(cString: strerror(failure))).")
    }
    return bytes.isEmpty ? .end : .bytes(bytes)
  }
}
