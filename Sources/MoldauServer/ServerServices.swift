import Logging
import MoldauBroker

/// What all connections of a server use.
final class ServerServices: Sendable {
  let broker: Broker
  let configuration: ServerConfiguration
  let memory: RequestMemory
  let logger: Logger

  init(broker: Broker, configuration: ServerConfiguration) {
    self.broker = broker
    self.configuration = configuration
    memory = RequestMemory(
      byteCount: max(configuration.requestMemoryBytes, configuration.maxRequestBytes))
    logger = configuration.logger
  }
}
