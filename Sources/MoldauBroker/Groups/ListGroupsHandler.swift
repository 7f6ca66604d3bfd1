import MoldauProtocol

extension Broker {
  /// Lists the groups that have members, or offsets, or are remembered.
  func listGroups(
    _ request: ListGroupsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    whenLoaded(
      nil, context, into: &reply,
      refusal: { code in
        var response = ListGroupsResponse()
        response.errorCode = code
        return response
      },
      { [self] reply in
        let states = Set(request.statesFilter.map { $0.lowercased() })
        let types = Set(request.typesFilter.map { $0.lowercased() })
        var response = ListGroupsResponse()
        response.groups = groups.list().filter { group in
          (states.isEmpty || states.contains(group.state.lowercased()))
            && (types.isEmpty || types.contains(group.type.lowercased()))
        }
        reply.answer(response, to: context.header)
        return .answered
      })
  }
}

extension GroupCoordinator {
  /// All groups that are coordinated here, in the order of their names.
  ///
  /// - Complexity: O(groups).
  func list() -> [ListGroupsResponse.Group] {
    let all = loadedPartitions.flatMap { partition in
      partition.groupIDs.map { (id: $0, partition: partition) }
    }
    return all.sorted { $0.id < $1.id }.compactMap { id, partition in
      var listed = ListGroupsResponse.Group()
      listed.groupID = id
      let isKnown: Bool? = partition.withSlot(id, creates: false) { _, state in
        guard let group = state.group else { return false }
        listed.state = group.stateName
        listed.protocolType = group.protocolType
        listed.type = Swift.type(of: group).type.rawValue
        return true
      }
      if isKnown == true { return listed }
      guard partition.offsets.hasOffsets(group: id) else { return nil }
      listed.state = ClassicGroup.State.empty.rawValue
      listed.type = GroupType.classic.rawValue
      return listed
    }
  }
}
