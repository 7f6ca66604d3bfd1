import Glibc
public import MoldauBroker
import NIOCore

/// Why a server cannot start.
public enum ServerError: Error, Equatable, Sendable {
  /// Nothing can listen at `address`; `reason` says why and what to do.
  case cannotListen(address: HostAndPort, reason: String)
  /// The broker refused the directory.
  case broker(BrokerError)
}

extension ServerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotListen(let address, let reason): "cannot listen at \(address): \(reason)"
    case .broker(let error): error.description
    }
  }
}

extension ServerError {
  /// Puts an error of NIO's into an operator's words.
  init(listeningAt address: HostAndPort, _ error: any Error) {
    let reason =
      switch error {
      case let error as IOError where error.errnoCode == EADDRINUSE:
        "the port is in use; stop what listens there, or choose another (0 takes a free one)"
      case let error as IOError where error.errnoCode == EACCES:
        "ports below 1024 need privileges; choose a higher one"
      case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
        "this machine does not have the address; 127.0.0.1 and 0.0.0.0 always work"
      case let error as IOError:
        error.description
      case is SocketAddressError, is SocketAddressError.UnknownHost:
        "the name is not known; check its spelling, or give an address"
      default:
        "\(error)"
      }
    self = .cannotListen(address: address, reason: reason)
  }
}
