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
  /// All groups, in the order of their names.
  ///
  /// - Complexity: O(groups).
  func list() -> [ListGroupsResponse.Group] {
    allIDs().sorted().compactMap { id in
      var listed = ListGroupsResponse.Group()
      listed.groupID = id
      let isKnown: Void? = look(at: id) { group in
        listed.state = group.stateName
        listed.protocolType = group.protocolType
        listed.type = Swift.type(of: group).type.rawValue
      }
      if isKnown != nil { return listed }
      guard offsets?.hasOffsets(group: id) == true else { return nil }
      listed.state = ClassicGroup.State.empty.rawValue
      listed.type = GroupType.classic.rawValue
      return listed
    }
  }

  /// The groups that have members, or offsets, or are remembered, in no order.
  func allIDs() -> Set<String> {
    var ids = Set(slotIDs)
    guard let offsets else { return ids }
    for number in 0..<offsets.partitionCount { ids.formUnion(offsets.groups(inPartition: number)) }
    return ids
  }
}
