internal import MoldauCoordination

/// Who is the controller: the broker that has made `/controller`, and with it, in one write, has
/// raised `/controller_epoch`. Whoever was it before fails the check of that node's version from
/// then on.
extension ControllerMachine {
  mutating func preparedBase(_ results: [Result<CoordinationAnswer, CoordinationError>]) {
    switch ClusterTree.clusterID(of: results) {
    case .success(let id):
      clusterID = id
      look()
    case .failure(let error):
      log(.error, "the cluster's nodes could not be made: \(error)")
      retry(ClusterTree.preparation(clusterID: proposedClusterID), .base)
    }
  }

  mutating func look() {
    enter(.looking)
    ask([.data(path: ClusterPath.controller, watches: true)], .controller)
  }

  mutating func sawController(_ result: Result<CoordinationAnswer, CoordinationError>) {
    switch result {
    case .failure(.refused(.noNode, _)):
      tell(nil)
      ask([.data(path: ClusterPath.controllerEpoch, watches: false)], .epoch(confirms: nil))
    case .failure(let error):
      log(.info, "it could not be seen who the controller is: \(error)")
      retry([.data(path: ClusterPath.controller, watches: true)], .controller)
    case .success(.data(let data, let stat)):
      sawController(data, owner: stat.ephemeralOwner)
    case .success:
      preconditionFailure("a read of data is answered with data")
    }
  }

  private mutating func sawController(_ data: [UInt8], owner: Int64) {
    let node: ControllerNode
    do throws(NodeError) {
      node = try ControllerNode(parsing: data, at: ClusterPath.controller)
    } catch {
      log(.error, "\(error)")
      enter(.waiting)
      return
    }
    // Of a claim whose answer was lost, or of an office that another hand has ended.
    let isOwn = node.instance == instance && (sessionID ?? owner) == owner
    guard isOwn else {
      enter(.waiting)
      tell(node.identity)
      return
    }
    ask([.data(path: ClusterPath.controllerEpoch, watches: false)], .epoch(confirms: node))
  }

  mutating func sawEpoch(
    _ result: Result<CoordinationAnswer, CoordinationError>, confirming node: ControllerNode?
  ) {
    let request = CoordinationRequest.data(path: ClusterPath.controllerEpoch, watches: false)
    guard case .success(.data(let data, let stat)) = result else {
      log(.error, "the controller epoch could not be read: \(result)")
      return retry([request], .epoch(confirms: node))
    }
    let epoch: Int32
    do throws(NodeError) { epoch = try ControllerEpochNode.parse(data) } catch {
      log(.error, "\(error)")
      return retry([request], .epoch(confirms: node))
    }
    if let node {
      guard node.controllerEpoch == epoch else {
        return ask([.write([.delete(path: ClusterPath.controller, version: nil)])], .stepDown)
      }
      return takeOffice(epoch: epoch, epochVersion: stat.version)
    }
    enter(.claiming)
    let claim = ControllerNode(
      brokerID: nodeID, controllerEpoch: epoch + 1, instance: instance,
      timestampMilliseconds: nowMilliseconds)
    ask(
      [
        .write([
          .create(path: ClusterPath.controller, data: claim.data, kind: .ephemeral),
          .set(
            path: ClusterPath.controllerEpoch, data: ControllerEpochNode.data(epoch + 1),
            version: stat.version),
        ])
      ], .claim(epoch: epoch + 1, version: stat.version + 1))
  }

  mutating func claimed(
    _ epoch: Int32, version: Int32, _ result: Result<CoordinationAnswer, CoordinationError>
  ) {
    switch result {
    case .success:
      takeOffice(epoch: epoch, epochVersion: version)
    case .failure(.refused):
      look()
    case .failure(let error):
      log(.info, "whether this broker has become the controller is not known: \(error)")
      enter(.looking)
      retry([.data(path: ClusterPath.controller, watches: true)], .controller)
    }
  }

  private mutating func takeOffice(epoch: Int32, epochVersion: Int32) {
    enter(.office)
    office = Office(epoch: epoch, epochVersion: epochVersion)
    log(.notice, "this broker is the controller, epoch \(epoch)")
    ask([.data(path: ClusterPath.controller, watches: true)], .incumbent)
    load()
  }

  /// Whether the node says that it is still this controller.
  mutating func sawIncumbent(_ result: Result<CoordinationAnswer, CoordinationError>) {
    guard office != nil else { return }
    switch result {
    case .success(.data(let data, _)):
      let node: ControllerNode
      do throws(NodeError) {
        node = try ControllerNode(parsing: data, at: ClusterPath.controller)
      } catch {
        log(.error, "\(error)")
        return resign()
      }
      if node.instance != instance { resign() }
    case .failure(.refused):
      resign()
    case .failure, .success:
      retry([.data(path: ClusterPath.controller, watches: true)], .incumbent)
    }
  }

  /// Gives up the office: another has it, or will.
  mutating func resign() {
    log(.notice, "this broker is no longer the controller")
    leaveOffice()
    look()
  }

  /// Whoever waits for this controller gets an answer: of what may have been made that this is not
  /// known, so that nobody takes it for something that can be asked of the next controller as if for
  /// the first time.
  mutating func leaveOffice() {
    refuseCommands(.notController)
    guard let office else { return }
    self.office = nil
    if let round = office.round {
      let image = office.tree.image
      for reply in round.replies {
        let outcomes = round.outcomesSoFar(of: reply)
        act(.call { reply.finish(outcomes, image) })
      }
    }
    for call in waiters.endAll() { act(.call(call)) }
  }
}
