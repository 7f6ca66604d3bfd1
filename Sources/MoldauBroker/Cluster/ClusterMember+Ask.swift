import MoldauProtocol

extension ClusterMember {
  /// Asks the controller, another broker, for what this broker wants itself.
  ///
  /// - Parameters:
  ///   - version: of the request.
  ///   - completion: called once, from any thread: with nil when there is no answer, and what was
  ///     asked for may or may not be done.
  func askController<Request: ProtocolRequest>(
    _ request: Request, version: Int16,
    _ completion: @escaping @Sendable (Request.Response?) -> Void
  ) {
    queue.add { [self] in
      withForwards { [settings] link in
        guard let link else { return completion(nil) }
        link.ask(request, version: version, within: settings.forwardMilliseconds, completion)
      }
    }
  }
}
