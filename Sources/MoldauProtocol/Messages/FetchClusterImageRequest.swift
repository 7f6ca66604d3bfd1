/// A broker asks the controller for what is new in the cluster (docs/format/inter-broker.md).
package struct FetchClusterImageRequest: ProtocolRequest {
  package typealias Response = FetchClusterImageResponse
  package static let apiKey = ApiKey.fetchClusterImage

  package var brokerID: Int32 = 0
  package var brokerEpoch: Int64 = -1
  /// Which image the broker has; −1 when it has none.
  package var controllerEpoch: Int32 = -1
  package var version: Int64 = -1
  /// How long the controller may wait for something newer, in milliseconds.
  package var maxWaitMilliseconds: Int32 = 0

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&brokerID)
    try coder.field(&brokerEpoch)
    try coder.field(&controllerEpoch)
    try coder.field(&version)
    try coder.field(&maxWaitMilliseconds)
    try coder.tags()
  }
}
