/// How consumer groups behave. The names in parentheses are Kafka's.
struct ConsumerGroupSettings: Sendable {
  /// A member that is not heard of for this long is dead (`group.consumer.session.timeout.ms`).
  var sessionTimeoutMilliseconds: Int64 = 45_000
  /// How often members are to be heard of (`group.consumer.heartbeat.interval.ms`).
  var heartbeatIntervalMilliseconds: Int32 = 5_000
  /// The most members of a group (`group.consumer.max.size`).
  var maxMembers = Limits.consumerGroupMembers
  /// The steps of matching topics to patterns that one heartbeat takes, and those of one name more.
  var patternSteps = Limits.patternSteps

  init() {}

  init(_ configuration: GroupConfiguration) {
    sessionTimeoutMilliseconds = configuration.consumerSessionTimeout.milliseconds
    heartbeatIntervalMilliseconds = Int32(
      clamping: configuration.consumerHeartbeatInterval.milliseconds)
    maxMembers = min(configuration.maxSize, Limits.consumerGroupMembers)
  }
}
