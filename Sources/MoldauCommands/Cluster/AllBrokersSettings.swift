import MoldauClient
import MoldauReport

/// `moldau cluster set`: what holds for all brokers while they run.
package struct AllBrokersSettings {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  /// Shows what is set; says so when nothing is.
  package func show() throws {
    let settings = try context.cluster.controller().configurationOfAllBrokers()
    let printer = context.printer()
    for setting in settings {
      printer.add(
        ReportRow(
          .configuration,
          [
            .init("name", .text(setting.name), heading: "setting"),
            .init("value", .optional(setting.value)),
          ]))
    }
    try printer.finish()
    if settings.isEmpty, !context.json { context.output.note("Nothing is set for all brokers.") }
  }

  package func alter(set: [Assignment], unset: [String]) throws {
    try context.cluster.controller().alterConfigurationOfAllBrokers(
      set: set.map { ($0.name, $0.value) }, unset: unset)
    let printer = context.printer()
    for setting in set {
      printer.add(
        .change(
          "set", "all brokers",
          [.init("setting", .text(setting.name)), .init("value", .text(setting.value))]),
        saying: "all brokers: \(setting.name) is \(setting.value)")
    }
    for setting in unset {
      printer.add(
        .change(
          "unset", "all brokers", [.init("setting", .text(setting)), .init("value", .none)]),
        saying: "all brokers: \(setting) has its default again")
    }
    try printer.finish()
  }
}
