package import MoldauDisk

/// Why an ensemble does not start.
package enum EnsembleError: Error, Equatable {
  /// The machine lacks programs; `packages` are Debian's that have them.
  case notInstalled(packages: [String])
  case disk(DiskError)
  /// The system call failed.
  case call(String, errno: Int32)
}

extension EnsembleError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notInstalled(let packages):
      "ZooKeeper is not installed here; apt-get install \(packages.joined(separator: " "))"
    case .disk(let error): "\(error)"
    case .call(let call, let number): "\(call) failed: error \(number)"
    }
  }
}
