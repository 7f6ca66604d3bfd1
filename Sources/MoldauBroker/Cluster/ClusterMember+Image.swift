import MoldauCluster
import MoldauCoordination
import MoldauProtocol

/// Where the member stands in asking for images.
struct ImagePull: Sendable {
  /// Counts what was asked, so that a late answer is told from the one that is waited for.
  var number = 0
  /// What this broker's own controller waits with.
  var wait: Int?
  var link: PeerLink?
}

/// How the image of the cluster comes here. All on the queue.
extension ClusterMember {
  /// Takes note of who the controller is.
  func found(_ elected: ControllerIdentity?, ofRegistration epoch: Int64) {
    guard brokerEpoch == epoch else { return }
    let now = scheduler.clock.nowMilliseconds()
    let links = state.withLock { state in
      state.elected = elected
      state.contact.since = now
      state.failureCount = 0
      defer {
        state.requests = nil
        state.forwards = nil
      }
      return [state.requests, state.forwards].compactMap { $0 }
    }
    for link in links { link.close() }
    stopPulling()
    if let elected { logger.info("broker \(elected.nodeID) is the controller") }
    pull()
    sendIsrChanges()
  }

  func stopPulling() {
    let (controller, wait, link) = state.withLock { state in
      state.pull.number += 1
      defer {
        state.pull.wait = nil
        state.pull.link = nil
      }
      return (state.controller, state.pull.wait, state.pull.link)
    }
    if let wait { controller?.cancelImageWait(wait) }
    link?.close()
  }

  /// Asks the controller for what is newer than the image that is here.
  private func pull() {
    let (number, elected, registration, controller) = state.withLock { state in
      state.pull.number += 1
      return (state.pull.number, state.elected, state.registration, state.controller)
    }
    guard let elected, let registration else { return }
    if elected.nodeID == nodeID, let controller {
      let image = replicas.image
      let wait = controller.image(
        after: image.controllerEpoch < 0 ? nil : image.position, nodeID: nodeID,
        brokerEpoch: registration.brokerEpoch
      ) { [weak self, queue] update in
        queue.add { [weak self] in self?.took(update, ofPull: number) }
      }
      state.withLock { $0.pull.wait = wait }
    } else if let link = state.withLock({ $0.pull.link }), !link.hasFailed {
      pull(number, from: elected.nodeID, over: link, registration.brokerEpoch)
    } else {
      withEndpoint(of: elected.nodeID) { [weak self] endpoint in
        guard let self, state.withLock({ $0.pull.number == number }) else { return }
        guard let endpoint else { return pullLater(number) }
        let link = PeerLink(to: endpoint, environment.network, scheduler)
        state.withLock { $0.pull.link = link }
        pull(number, from: elected.nodeID, over: link, registration.brokerEpoch)
      }
    }
  }

  /// Often enough that both sides know soon when one does not hear the other (`Contact`).
  private var imageWaitMilliseconds: Int32 {
    max(1, min(settings.imageWaitMilliseconds, settings.sessionTimeoutMilliseconds / 4))
  }

  private func pull(
    _ number: Int, from controllerID: Int32, over link: PeerLink, _ brokerEpoch: Int64
  ) {
    let image = replicas.image
    var request = FetchClusterImageRequest()
    request.brokerID = nodeID
    request.brokerEpoch = brokerEpoch
    if image.controllerEpoch >= 0 {
      request.controllerEpoch = image.controllerEpoch
      request.version = image.version
    }
    request.maxWaitMilliseconds = imageWaitMilliseconds
    // A way that has become deaf is left while another can still be tried.
    let answer = min(
      settings.answerMilliseconds, Int64(settings.sessionTimeoutMilliseconds) / 2)
    let patience = Int64(imageWaitMilliseconds) + answer
    link.ask(request, within: patience) { [weak self, queue] response in
      queue.add { [weak self] in
        guard let self else { return }
        guard let response else { return self.pullLater(number) }
        self.noteContact(with: controllerID)
        self.took(response.update(of: self.replicas.image), ofPull: number)
      }
    }
  }

  private func pullLater(_ number: Int) {
    guard state.withLock({ $0.pull.number == number }) else { return }
    later { [weak self] in
      guard let self, state.withLock({ $0.pull.number == number }) else { return }
      pull()
    }
  }

  private func took(_ update: ImageUpdate?, ofPull number: Int) {
    guard state.withLock({ $0.pull.number == number }) else { return }
    switch update {
    case .full(let image):
      guard image.controllerEpoch >= replicas.image.controllerEpoch else {
        return pullLater(number)
      }
      state.withLock { $0.failureCount = 0 }
      apply(image, changed: nil)
    case .delta(let delta):
      var image = replicas.image
      guard delta.from == image.position else { return pullLater(number) }
      state.withLock { $0.failureCount = 0 }
      // A controller that has nothing new when the time is up says so with a delta to the same version.
      if delta.version != image.version { apply(delta, to: &image) }
    case .notController, nil:
      return pullLater(number)
    }
    pull()
  }

  private func apply(_ delta: ClusterDelta, to image: inout ClusterImage) {
    let deleted = delta.deletedTopics.compactMap { image.topicNames[$0] }
    image.apply(delta)
    let hasOtherBrokers = !delta.brokers.isEmpty || !delta.goneBrokers.isEmpty
    apply(image, changed: hasOtherBrokers ? nil : Set(delta.topics.keys).union(deleted))
  }

  /// Where the other brokers find a broker: as its registration says, or else the image; on the queue.
  func withEndpoint(
    of id: Int32, _ body: @escaping @Sendable (BrokerRegistration.Endpoint?) -> Void
  ) {
    guard let session = state.withLock({ $0.session }) else { return body(nil) }
    session.perform(.data(path: ClusterPath.broker(id), watches: false)) {
      [queue, replicas] result in
      queue.add {
        let known = replicas.image.brokers[id]?.replication
        guard case .success(.data(let data, _)) = result else { return body(known) }
        do throws(NodeError) {
          body(try BrokerNode.registration(of: id, parsing: data).replication)
        } catch {
          body(known)
        }
      }
    }
  }
}
