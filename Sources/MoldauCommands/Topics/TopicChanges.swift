package import MoldauClient
import MoldauProtocol
import MoldauReport

/// `moldau topics create`, `alter` and `delete`.
package struct TopicChanges {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  // MARK: Create

  /// Creates topics, all of them alike.
  ///
  /// - Parameter toleratesExisting: whether a topic that is there already is no failure.
  package func create(
    _ names: [String], _ plan: KafkaConnection.TopicPlan, toleratesExisting: Bool
  ) throws {
    let broker = try context.cluster.controller()
    let printer = context.printer()
    for name in names {
      var plan = plan
      plan.name = name
      do throws(ClientError) {
        let partitionCount = try broker.create(topic: plan) ?? plan.partitionCount
        printer.add(
          .change(
            "created", name, [.init("partitionCount", .optional(partitionCount.map(Int64.init)))]),
          saying: "created \(name)"
            + (partitionCount.map { $0 == 1 ? ", 1 partition" : ", \($0) partitions" } ?? ""))
      } catch  where error.refusalCode == .topicAlreadyExists && toleratesExisting {
        printer.add(.change("exists", name), saying: "\(name) exists already")
      } catch {
        try printer.finish()
        throw error
      }
    }
    try printer.finish()
  }

  // MARK: Alter

  /// What is to be changed about a topic.
  package struct Alteration {
    package var set: [Assignment]
    package var unset: [String]
    /// How many partitions it is to have in all.
    package var partitionCount: Int32?

    package init(set: [Assignment], unset: [String], partitionCount: Int32?) {
      self.set = set
      self.unset = unset
      self.partitionCount = partitionCount
    }
  }

  package func alter(_ name: String, _ alteration: Alteration) throws {
    let broker = try context.cluster.controller()
    let printer = context.printer()
    if let count = alteration.partitionCount {
      try broker.addPartitions(to: name, count: count)
      printer.add(
        .change("addedPartitions", name, [.init("partitionCount", .integer(Int64(count)))]),
        saying: "\(name) has \(count) partitions")
    }
    if !alteration.set.isEmpty || !alteration.unset.isEmpty {
      do throws(ClientError) {
        try broker.alterConfiguration(
          ofTopic: name, set: alteration.set.map { ($0.name, $0.value) }, unset: alteration.unset)
      } catch {
        try printer.finish()
        throw error
      }
      for setting in alteration.set {
        printer.add(
          .change(
            "set", name,
            [.init("setting", .text(setting.name)), .init("value", .text(setting.value))]),
          saying: "\(name): \(setting.name) is \(setting.value)")
      }
      for setting in alteration.unset {
        printer.add(
          .change("unset", name, [.init("setting", .text(setting)), .init("value", .none)]),
          saying: "\(name): \(setting) has its default again")
      }
    }
    try printer.finish()
  }

  // MARK: Delete

  /// Deletes topics with all their records.
  ///
  /// - Parameter toleratesMissing: whether a topic that is not there is no failure.
  package func delete(_ names: [String], toleratesMissing: Bool) throws {
    let broker = try context.cluster.controller()
    let printer = context.printer()
    for name in names {
      do throws(ClientError) {
        try broker.delete(topic: name)
        printer.add(.change("deleted", name), saying: "deleted \(name)")
      } catch  where error.refusalCode == .unknownTopicOrPartition && toleratesMissing {
        printer.add(.change("missing", name), saying: "there is no \(name)")
      } catch {
        try printer.finish()
        throw error
      }
    }
    try printer.finish()
  }
}
