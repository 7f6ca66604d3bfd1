import MoldauLog
import MoldauProtocol

/// Reads and changes the settings of topics as Kafka's clients name them.
///
/// A configuration remembers which of its settings were set for the topic itself; the others have
/// what the broker gives to new topics.
struct TopicSettings: Sendable {
  /// What a topic has for which nothing was set.
  let defaults: TopicConfiguration
  /// The durability of topics that do not say theirs.
  let durability: Durability
  /// Whether a setting that promises what one broker cannot keep is taken all the same.
  let isDevelopment: Bool
  /// Whether there may be other brokers, so that more replicas can be asked for.
  var isClustered = false
  /// The settings that `defaults` has from the cluster: they were set for all brokers.
  var ofAllBrokers: Set<String> = []
  /// What the broker was started with, where that is not `defaults`.
  var startedWith: TopicConfiguration?

  // MARK: Changing

  /// Returns `current` with all changes made.
  ///
  /// - Throws: at the first that cannot be made, and when the result contradicts itself.
  func configuration(
    _ current: TopicConfiguration, applying changes: [SettingChange]
  ) throws(AdministrationRefusal) -> TopicConfiguration {
    var result = current
    var names: Set<String> = []
    for change in changes {
      guard names.insert(change.name).inserted else {
        throw AdministrationRefusal(.invalidRequest, "\(change.name): it is named more than once")
      }
      guard let setting = TopicConfigKey.named(change.name) else {
        throw AdministrationRefusal(
          .invalidConfig, "\(change.name.prefix(200)): there is no such setting of topics")
      }
      try apply(change.operation, to: setting, in: &result)
    }
    try check(result)
    return result
  }

  /// Returns `current` with nothing set but what the changes set.
  func configuration(
    _ current: TopicConfiguration, replacedBy changes: [SettingChange]
  ) throws(AdministrationRefusal) -> TopicConfiguration {
    var blank = current
    for setting in TopicConfigKey.all { reset(setting, in: &blank) }
    return try configuration(blank, applying: changes)
  }

  private func apply(
    _ operation: SettingChange.Operation, to setting: TopicConfigKey,
    in configuration: inout TopicConfiguration
  ) throws(AdministrationRefusal) {
    let text: String
    switch operation {
    case .reset:
      return reset(setting, in: &configuration)
    case .set(let value):
      text = value
    case .append(let value):
      try checkIsList(setting)
      text = setting.read(configuration) + "," + value
    case .subtract(let value):
      try checkIsList(setting)
      let removed = SettingKind.items(of: value)
      text = SettingKind.items(of: setting.read(configuration))
        .filter { !removed.contains($0) }.joined(separator: ",")
    }
    setting.write(&configuration, try setting.kind.canonical(text, key: setting.name))
    configuration.explicitSettings.insert(setting.name)
  }

  private func checkIsList(_ setting: TopicConfigKey) throws(AdministrationRefusal) {
    guard setting.kind.isList else {
      throw AdministrationRefusal(
        .invalidConfig, "\(setting.name): it is no list, to which something could be added")
    }
  }

  private func reset(_ setting: TopicConfigKey, in configuration: inout TopicConfiguration) {
    setting.copy(defaults, &configuration)
    configuration.explicitSettings.remove(setting.name)
  }

  private func check(_ configuration: TopicConfiguration) throws(AdministrationRefusal) {
    if !isDevelopment, !isClustered,
      configuration.keptSettings[TopicConfigKey.minInSyncReplicasName] ?? "1" != "1"
    {
      throw AdministrationRefusal(
        .invalidConfig,
        "min.insync.replicas: it must be 1: this broker keeps one replica of a partition")
    }
    do throws(LogError) { try configuration.validate() } catch {
      throw AdministrationRefusal(error)
    }
  }

  // MARK: Describing

  /// What a setting of a topic is.
  func value(of setting: TopicConfigKey, in configuration: TopicConfiguration) -> String {
    setting.read(effective(configuration))
  }

  /// Where a topic has a setting from: one of `DescribeConfigsResponse.Source`.
  func source(of setting: TopicConfigKey, in configuration: TopicConfiguration) -> Int8 {
    if configuration.explicitSettings.contains(setting.name) {
      return DescribeConfigsResponse.Source.topic
    }
    let given = value(of: setting, in: defaults)
    // The process that embeds the store has its own way of setting it.
    guard value(of: setting, in: configuration) == given else {
      return DescribeConfigsResponse.Source.topic
    }
    return sourceOfDefault(setting)
  }

  /// Where topics have a setting from for which nothing was set.
  func sourceOfDefault(_ setting: TopicConfigKey) -> Int8 {
    ofAllBrokers.contains(setting.name)
      ? DescribeConfigsResponse.Source.dynamicDefaultBroker : sourceOfStart(setting)
  }

  private func sourceOfStart(_ setting: TopicConfigKey) -> Int8 {
    value(of: setting, in: startedWith ?? defaults) == setting.standard
      ? DescribeConfigsResponse.Source.default : DescribeConfigsResponse.Source.staticBroker
  }

  /// Where a topic's setting is or could be set, the place that counts first.
  func synonyms(
    of setting: TopicConfigKey, in configuration: TopicConfiguration
  ) -> [DescribeConfigsResponse.Synonym] {
    let source = source(of: setting, in: configuration)
    guard source == DescribeConfigsResponse.Source.topic else { return synonymsOfDefault(setting) }
    var own = DescribeConfigsResponse.Synonym()
    own.name = setting.name
    own.value = value(of: setting, in: configuration)
    own.source = source
    return [own] + synonymsOfDefault(setting)
  }

  /// Where a setting is set, or could be, for topics for which nothing was.
  func synonymsOfDefault(_ setting: TopicConfigKey) -> [DescribeConfigsResponse.Synonym] {
    typealias Source = DescribeConfigsResponse.Source
    var places: [(value: String, source: Int8)] = []
    if ofAllBrokers.contains(setting.name) {
      places.append((value(of: setting, in: defaults), Source.dynamicDefaultBroker))
    }
    if sourceOfStart(setting) == Source.staticBroker {
      places.append((value(of: setting, in: startedWith ?? defaults), Source.staticBroker))
    }
    places.append((setting.standard, Source.default))
    return places.map { place in
      var synonym = DescribeConfigsResponse.Synonym()
      synonym.name = setting.brokerName ?? setting.name
      synonym.value = place.value
      synonym.source = place.source
      return synonym
    }
  }

  private func effective(_ configuration: TopicConfiguration) -> TopicConfiguration {
    var effective = configuration
    if effective.durability == nil { effective.durability = durability }
    return effective
  }
}
