import MoldauProtocol

extension Broker {
  /// Says who the members of classic groups are and what they have.
  func describeGroups(
    _ request: DescribeGroupsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    whenLoaded(
      request.groupIDs, context, into: &reply,
      refusal: { code in
        var response = DescribeGroupsResponse()
        response.groups = request.groupIDs.map { id in
          var group = DescribeGroupsResponse.Group()
          group.groupID = id
          group.errorCode = code
          return group
        }
        return response
      },
      { [self] reply in
        var response = DescribeGroupsResponse()
        response.groups = request.groupIDs.map { id in
          var group = DescribeGroupsResponse.Group()
          group.groupID = id
          describe(&group, context.header.version)
          if request.includesAuthorizedOperations {
            group.authorizedOperations = AuthorizedOperations.group
          }
          return group
        }
        reply.answer(response, to: context.header)
        return .answered
      })
  }

  private func describe(_ group: inout DescribeGroupsResponse.Group, _ version: Int16) {
    let id = group.groupID
    var isOtherType = false
    do throws(GroupCoordinator.Refusal) {
      let found = try groups.look(at: id) { $0 as? ClassicGroup }
      if let found { return found.describe(&group) }
      isOtherType = true
    } catch {
      if error == .notCoordinator {
        group.errorCode = .notCoordinator
        return
      }
      if groups.partition(of: id)?.offsets.hasOffsets(group: id) == true {
        group.state = ClassicGroup.State.empty.rawValue
        return
      }
    }
    // Clients know a group that is not there by this state, since version 6 by the error.
    group.state = "Dead"
    guard version >= 6 else { return }
    group.errorCode = .groupIDNotFound
    group.errorMessage =
      isOtherType ? "\"\(id)\" is not a classic group" : "there is no group \"\(id)\""
  }
}
