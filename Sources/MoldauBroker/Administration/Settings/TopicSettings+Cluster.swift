import MoldauCluster
import MoldauLog

/// The settings of a cluster's topics, which it keeps as texts by Kafka's names.
extension TopicSettings {
  /// - Parameter cluster: how a broker of a cluster behaves; nil for one that stands alone.
  init(
    _ configuration: BrokerConfiguration, durability: Durability, _ cluster: ClusterSettings?
  ) {
    var defaults = configuration.newTopics
    if let count = cluster?.controller.minInSyncReplicas, count != 1 {
      defaults.keptSettings[TopicConfigKey.minInSyncReplicasName] = "\(count)"
    }
    self.init(
      defaults: defaults, durability: durability, isDevelopment: configuration.isDevelopment)
    isClustered = cluster != nil
  }

  /// How the store is to keep a topic of the cluster.
  ///
  /// - Parameter onRefusal: is told of what this broker does not understand, which has the default:
  ///   another one, of another version, has let it be set.
  func configuration(
    of topic: TopicImage, onRefusal: (AdministrationRefusal) -> Void = { _ in }
  ) -> TopicConfiguration {
    var result = defaults
    result.partitionCount = topic.partitions.count
    for (name, text) in topic.configuration.sorted(by: { $0.key < $1.key }) {
      do throws(AdministrationRefusal) {
        guard let setting = TopicConfigKey.named(name) else {
          throw AdministrationRefusal(.invalidConfig, "\(name): there is no such setting of topics")
        }
        setting.write(&result, try setting.kind.canonical(text, key: name))
        result.explicitSettings.insert(name)
      } catch {
        onRefusal(error)
      }
    }
    return result
  }

  /// The texts to keep of a configuration: what was set for the topic itself.
  func explicitSettings(of configuration: TopicConfiguration) -> [String: String] {
    var settings: [String: String] = [:]
    for name in configuration.explicitSettings {
      if let setting = TopicConfigKey.named(name) { settings[name] = setting.read(configuration) }
    }
    return settings
  }

  /// With what was set for all brokers of the cluster.
  func overlaid(by image: ClusterImage) -> TopicSettings {
    guard let settings = image.brokerConfigurations[ClusterImage.allBrokers] else { return self }
    var defaults = defaults
    var names: Set<String> = []
    for name in TopicConfigKey.ofCluster.sorted() {
      guard let text = settings[name], let setting = TopicConfigKey.named(name) else { continue }
      setting.write(&defaults, text)
      names.insert(name)
    }
    var result = TopicSettings(
      defaults: defaults, durability: durability, isDevelopment: isDevelopment)
    result.isClustered = isClustered
    result.ofAllBrokers = names
    result.startedWith = self.defaults
    return result
  }
}
