#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// One blocking TCP connection: all system calls of this target.
///
/// Owns its descriptor. One thread.
struct SystemSocket: ~Copyable {
  /// What a call came to, when not to success.
  enum Failure: Error, Equatable {
    case unresolvable(explanation: String)
    case timedOut
    case closed
    case system(call: String, errno: Int32)
  }

  private let descriptor: Int32

  /// Connects to the first address of `host` that answers within its share of the time.
  init(host: String, port: UInt16, timeoutMilliseconds: Int32) throws(Failure) {
    var found: UnsafeMutablePointer<addrinfo>?
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = streamType
    // SAFETY: getaddrinfo writes `found` only when it succeeds; the list is freed below.
    let status = unsafe getaddrinfo(host, String(port), &hints, &found)
    guard status == 0, let first = unsafe found else {
      throw .unresolvable(explanation: unsafe String(cString: gai_strerror(status)))
    }
    defer { unsafe freeaddrinfo(first) }

    var last = Failure.system(call: "connect", errno: ECONNREFUSED)
    var next: UnsafeMutablePointer<addrinfo>? = unsafe first
    while let address = unsafe next {
      do throws(Failure) {
        descriptor = try unsafe Self.connect(to: address.pointee, timeoutMilliseconds)
        return
      } catch {
        last = error
      }
      unsafe next = address.pointee.ai_next
    }
    throw last
  }

  deinit { _ = close(descriptor) }

  /// socket(2), connect(2) without waiting, poll(2), and back to waiting calls.
  private static func connect(
    to address: addrinfo, _ timeoutMilliseconds: Int32
  ) throws(Failure) -> Int32 {
    let descriptor = unsafe socket(
      address.ai_family, address.ai_socktype, address.ai_protocol)
    guard descriptor >= 0 else { throw .system(call: "socket", errno: errno) }
    do throws(Failure) {
      let flags = fcntl(descriptor, F_GETFL)
      _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
      // SAFETY: the address is as long as getaddrinfo says.
      let status = unsafe systemConnect(descriptor, address.ai_addr, address.ai_addrlen)
      if status != 0 {
        guard errno == EINPROGRESS else { throw .system(call: "connect", errno: errno) }
        try awaitConnected(descriptor, timeoutMilliseconds)
      }
      _ = fcntl(descriptor, F_SETFL, flags)
      set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
      #if canImport(Darwin)
        set(descriptor, SOL_SOCKET, SO_NOSIGPIPE, Int32(1))
      #endif
      return descriptor
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  private static func awaitConnected(
    _ descriptor: Int32, _ timeoutMilliseconds: Int32
  ) throws(Failure) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // SAFETY: poll reads and writes the one entry.
    let ready = retrying { unsafe Int(poll(&entry, 1, timeoutMilliseconds)) }
    guard ready != 0 else { throw .timedOut }
    guard ready > 0 else { throw .system(call: "poll", errno: errno) }
    var status: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: the call writes at most `length` bytes to `status`.
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &length) == 0 else {
      throw .system(call: "getsockopt", errno: errno)
    }
    guard status == 0 else { throw .system(call: "connect", errno: status) }
  }

  /// Lets each `send` and `receive` wait at most this long; 0 waits for ever.
  func setTimeout(milliseconds: Int32) {
    var time = timeval()
    time.tv_sec = .init(milliseconds / 1_000)
    time.tv_usec = .init(milliseconds % 1_000 * 1_000)
    Self.set(descriptor, SOL_SOCKET, SO_RCVTIMEO, time)
    Self.set(descriptor, SOL_SOCKET, SO_SNDTIMEO, time)
  }

  /// send(2) until all of `bytes` are with the system; `isMoreToCome` holds a last short packet.
  func send(_ bytes: RawSpan, isMoreToCome: Bool) throws(Failure) {
    var sent = 0
    while sent < bytes.byteCount {
      let rest = bytes.extracting(sent..<bytes.byteCount)
      // SAFETY: the call reads `count` bytes within the borrow.
      let count = unsafe rest.withUnsafeBytes { buffer in
        Self.retrying {
          unsafe systemSend(
            descriptor, buffer.baseAddress, buffer.count, sendFlags(isMoreToCome: isMoreToCome))
        }
      }
      guard count >= 0 else { throw Self.failure(of: "send") }
      sent += count
    }
  }

  /// recv(2): waits for bytes and returns how many came; 0 when the other end has closed.
  func receive(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    // SAFETY: the call writes at most `count` bytes into the buffer.
    let count = Self.retrying { unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    guard count >= 0 else { throw Self.failure(of: "recv") }
    return count
  }

  /// poll(2) on nothing: waits.
  static func pause(milliseconds: Int32) {
    _ = poll(nil, 0, milliseconds)
  }

  /// strerror(3).
  static func explanation(of errno: Int32) -> String {
    unsafe String(cString: strerror(errno))
  }

  private static func failure(of call: String) -> Failure {
    switch errno {
    case EAGAIN: .timedOut
    case EPIPE, ECONNRESET: .closed
    default: .system(call: call, errno: errno)
    }
  }

  /// Repeats a call that a signal interrupted.
  private static func retrying(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  /// setsockopt(2) of an option that is only an improvement: a failure changes nothing else.
  private static func set<Value: BitwiseCopyable>(
    _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Value
  ) {
    // SAFETY: the call reads the value's bytes.
    unsafe withUnsafeBytes(of: value) { bytes in
      _ = unsafe setsockopt(
        descriptor, level, option, bytes.baseAddress, socklen_t(bytes.count))
    }
  }
}

// Names that the methods above hide, or that differ between the C libraries.

private func systemConnect(
  _ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t
) -> Int32 {
  unsafe connect(descriptor, address, length)
}

private func systemSend(
  _ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32
) -> Int {
  unsafe send(descriptor, bytes, count, flags)
}

#if canImport(Glibc)
  private let streamType = Int32(SOCK_STREAM.rawValue)
#else
  private let streamType = Int32(SOCK_STREAM)
#endif

#if canImport(Darwin)
  private func sendFlags(isMoreToCome: Bool) -> Int32 { 0 }
#else
  private func sendFlags(isMoreToCome: Bool) -> Int32 {
    Int32(MSG_NOSIGNAL) | (isMoreToCome ? Int32(MSG_MORE) : 0)
  }
#endif
