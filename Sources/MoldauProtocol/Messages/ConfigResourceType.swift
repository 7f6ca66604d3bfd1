/// What has a configuration, by its number in the configuration requests.
package enum ConfigResourceType {
  package static let topic: Int8 = 2
  package static let broker: Int8 = 4
  package static let brokerLogger: Int8 = 8
  package static let clientMetrics: Int8 = 16
  package static let group: Int8 = 32
}
