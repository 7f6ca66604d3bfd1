import MoldauClient
import MoldauProtocol
import MoldauReport

/// `moldau groups ls`: the groups of a cluster, a line each.
package struct GroupList {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  package func run() throws {
    var found: [(nodeID: Int32, group: ListGroupsResponse.Group)] = []
    for (nodeID, broker) in try context.cluster.allBrokers() {
      let groups = try context.cluster.retrying { () throws(ClientError) in try broker.groups() }
      for group in groups { found.append((nodeID, group)) }
    }
    let printer = context.printer()
    for (nodeID, group) in found.sorted(by: { $0.group.groupID < $1.group.groupID }) {
      printer.add(
        ReportRow(
          .group,
          [
            .init("group", .text(group.groupID)),
            .init("state", Self.text(group.state)),
            .init("groupType", Self.text(group.type), heading: "type"),
            .init("protocol", Self.text(group.protocolType)),
            .init("coordinator", .integer(Int64(nodeID))),
          ]))
    }
    try printer.finish()
    if found.isEmpty, !context.json { context.output.note("There are no groups.") }
  }

  private static func text(_ text: String) -> FieldValue { text.isEmpty ? .none : .text(text) }
}
