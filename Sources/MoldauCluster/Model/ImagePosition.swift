/// Which image a broker has: of which controller, and how many that one had published by then.
package struct ImagePosition: Hashable, Sendable {
  package var controllerEpoch: Int32
  package var version: Int64

  package init(controllerEpoch: Int32, version: Int64) {
    self.controllerEpoch = controllerEpoch
    self.version = version
  }
}

/// What a broker that asks for what is newer than its image gets.
package enum ImageUpdate: Hashable, Sendable {
  /// The whole image: the position was not known, or lay too far back.
  case full(ClusterImage)
  /// What has changed since; it begins at the broker's position.
  case delta(ClusterDelta)
  /// This broker is not the controller (any more).
  case notController
}

/// Who the controller is.
package struct ControllerIdentity: Hashable, Sendable {
  package var nodeID: Int32
  /// Higher than that of each controller before.
  package var epoch: Int32

  package init(nodeID: Int32, epoch: Int32) {
    self.nodeID = nodeID
    self.epoch = epoch
  }
}
