import MoldauCluster
import MoldauProtocol

extension Broker {
  /// As `createPartitions`, in a cluster: when the answer comes the partitions have leaders that the
  /// controller's broker knows of.
  func createPartitions(
    _ request: CreatePartitionsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    onController(
      member, frame, context, into: &reply,
      refusal: { code in
        CreatePartitionsResponse(
          request.topics.map {
            CreatePartitionsResponse.Topic($0.name, AdministrationRefusal(code, "\(code)"))
          })
      },
      { controller, answer in createPartitions(request, on: controller, answer) })
  }

  private func createPartitions(
    _ request: CreatePartitionsRequest, on controller: ClusterController,
    _ completion: @escaping @Sendable (CreatePartitionsResponse) -> Void
  ) {
    let repeated = request.topics.map(\.name).repeated
    let gathered = Gathered<CreatePartitionsResponse.Topic>(count: request.topics.count) { topics in
      let response = CreatePartitionsResponse(topics)
      guard let member = self.member, !request.validatesOnly else { return completion(response) }
      let grown = zip(request.topics, topics).filter { $0.1.errorCode == .none }.map(\.0)
      self.whenImage(
        member, within: Int64(request.timeoutMilliseconds),
        { image in
          grown.allSatisfy { asked in
            guard let topic = image.topics[asked.name] else { return true }
            return topic.partitions.count >= asked.count && image.leadsAll(of: [topic.id])
          }
        },
        { completion(response) })
    }
    gathered.begin(request.topics) { index, asked throws(AdministrationRefusal) in
      guard !repeated.contains(asked.name) else { throw .repeatedTopic }
      try checkCanGrow(asked.name)
      let creation = PartitionsCreation(
        topic: asked.name, partitionCount: asked.count,
        assignment: asked.assignments?.map(\.brokerIDs))
      controller.createPartitions(creation, validatesOnly: request.validatesOnly) { result in
        var answer = CreatePartitionsResponse.Topic()
        answer.name = asked.name
        if case .failure(let refusal) = result {
          answer = CreatePartitionsResponse.Topic(asked.name, AdministrationRefusal(refusal))
        }
        gathered.put(answer, at: index)
      }
    } refused: {
      CreatePartitionsResponse.Topic($0.name, $1)
    }
  }
}

extension CreatePartitionsResponse {
  fileprivate init(_ topics: [Topic]) {
    self.init()
    self.topics = topics
  }
}

extension CreatePartitionsResponse.Topic {
  fileprivate init(_ name: String, _ refusal: AdministrationRefusal) {
    self.init()
    self.name = name
    errorCode = refusal.code
    errorMessage = refusal.message
  }
}
