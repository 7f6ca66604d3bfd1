/// What clients may do, as bits of Kafka's operation numbers; nothing is forbidden to anyone yet.
enum AuthorizedOperations {
  private enum Operation: Int32 {
    case read = 3
    case write = 4
    case create = 5
    case delete = 6
    case alter = 7
    case describe = 8
    case clusterAction = 9
    case describeConfigs = 10
    case alterConfigs = 11
    case idempotentWrite = 12
  }

  static let topic = bits(
    .read, .write, .create, .delete, .alter, .describe, .describeConfigs, .alterConfigs)

  static let cluster = bits(
    .create, .alter, .describe, .clusterAction, .describeConfigs, .alterConfigs, .idempotentWrite)

  static let group = bits(.read, .delete, .describe, .describeConfigs, .alterConfigs)

  private static func bits(_ operations: Operation...) -> Int32 {
    operations.reduce(0) { $0 | 1 << $1.rawValue }
  }
}
