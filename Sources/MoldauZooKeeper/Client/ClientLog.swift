internal import CMoldauZooKeeper
internal import Logging
import Synchronization

/// What the C client has to say, for the logger of the process's latest service: the client tells no
/// more than the text, so there is one for all handles.
final class ClientLog: Sendable {
  static let shared = ClientLog()

  private let logger = Mutex<Logger?>(nil)

  func use(_ logger: Logger) {
    self.logger.withLock { $0 = logger }
    let level = logger.logLevel <= .debug ? ZOO_LOG_LEVEL_INFO : ZOO_LOG_LEVEL_WARN
    zoo_set_debug_level(level)
  }

  /// A line is `TIME:PROCESS(THREAD):ZOO_LEVEL@FUNCTION@LINE: TEXT`.
  func write(_ line: String) {
    guard let logger = logger.withLock({ $0 }) else { return }
    let (level, text) = Self.parse(line)
    logger.log(level: level, "ZooKeeper's client: \(text)")
  }

  static func parse(_ line: String) -> (level: Logger.Level, text: String) {
    guard let match = line.firstMatch(of: #/:ZOO_([A-Z]+)@[^@]*@[0-9]+: /#) else {
      return (.info, line)
    }
    let level: Logger.Level =
      switch match.output.1 {
      // An error of a connection is tried again with the next server.
      case "ERROR": .warning
      case "WARN": .info
      default: .debug
      }
    return (level, String(line[match.range.upperBound...]))
  }
}

/// Takes a line of the client's.
func logCallback(_ line: UnsafePointer<CChar>?) {
  guard let line = unsafe line else { return }
  ClientLog.shared.write(unsafe String(cString: line))
}
