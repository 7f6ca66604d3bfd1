import MoldauProtocol

/// What a client wants to become of one setting.
struct SettingChange: Hashable, Sendable {
  enum Operation: Hashable, Sendable {
    case set(String)
    /// Back to what it is where nobody has set it.
    case reset
    /// Add these words to a list.
    case append(String)
    /// Take these words out of a list.
    case subtract(String)
  }

  let name: String
  let operation: Operation

  init(name: String, _ operation: Operation) {
    self.name = name
    self.operation = operation
  }

  /// A change as CreateTopics and AlterConfigs say it, where every name comes with its value.
  init(setting name: String, to value: String?) throws(AdministrationRefusal) {
    guard let value else {
      throw AdministrationRefusal(.invalidRequest, "\(name): a value is missing")
    }
    self.init(name: name, .set(value))
  }

  /// A change as IncrementalAlterConfigs says it.
  init(
    _ asked: IncrementalAlterConfigsRequest.Configuration
  ) throws(AdministrationRefusal) {
    if asked.operation == IncrementalAlterConfigsRequest.Operation.delete {
      self.init(name: asked.name, .reset)
      return
    }
    guard let value = asked.value else {
      throw AdministrationRefusal(.invalidRequest, "\(asked.name): a value is missing")
    }
    switch asked.operation {
    case IncrementalAlterConfigsRequest.Operation.set:
      self.init(name: asked.name, .set(value))
    case IncrementalAlterConfigsRequest.Operation.append:
      self.init(name: asked.name, .append(value))
    case IncrementalAlterConfigsRequest.Operation.subtract:
      self.init(name: asked.name, .subtract(value))
    default:
      throw AdministrationRefusal(
        .invalidRequest, "\(asked.name): there is no operation \(asked.operation)")
    }
  }
}
