import MoldauDisk
package import MoldauLog

/// Why a path cannot be inspected or verified.
package enum InspectError: Error, Equatable, Sendable {
  case notFound(path: String)
  /// The path is no data directory, partition or file of one.
  case unknownKind(path: String)
  case log(LogError)

  static func wrap<Value>(
    _ body: () throws(DiskError) -> Value
  ) throws(InspectError) -> Value {
    do throws(DiskError) { return try body() } catch { throw .log(LogError(error)) }
  }
}

extension InspectError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound(let path): "there is no \(path)"
    case .unknownKind(let path):
      "\(path) is no data directory, partition folder or file of one"
    case .log(let error): "\(error)"
    }
  }
}
