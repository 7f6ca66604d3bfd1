import ArgumentParser
import MoldauReport
import MoldauSettings

/// `moldau config`
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show the settings of serve: what there are, and what they are now.",
    subcommands: [ConfigShowCommand.self, ConfigListCommand.self])
}

/// `moldau config show`
struct ConfigShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the value that each setting has, and where it comes from.",
    discussion: """
      Takes the flags of serve, the MOLDAU_* variables and the settings file as serve would, and \
      starts nothing. What is wrong with them ends it with 64.
      """)

  @Flag(help: "Print JSON instead of a table, an object a line.")
  var json = false

  @OptionGroup var options: ServeOptions

  func run() throws {
    let settings = try options.resolve()
    let printer = ReportPrinter(json: json)
    for line in settings.lines {
      printer.add(
        ReportRow(
          ReportRow.Kind("setting"),
          [
            .init("name", .text(line.setting.name)), .init("value", .optional(line.text)),
            .init("origin", .text("\(line.origin)")),
          ]))
    }
    printer.finish()
  }
}

/// `moldau config list`
struct ConfigListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all settings, with their defaults and their names.")

  @Flag(help: "Print JSON instead of a table, an object a line.")
  var json = false

  @Flag(help: "Print the table of docs/configuration.md.")
  var markdown = false

  func validate() throws {
    if json, markdown { throw ValidationError("--json and --markdown exclude each other") }
  }

  func run() throws {
    if markdown {
      for line in SettingsPage.table { print(line) }
      return
    }
    let printer = ReportPrinter(json: json)
    for setting in Setting.all {
      let range = setting.kind.range
      var fields: [ReportRow.Field] = [
        .init("name", .text(setting.name)), .init("kind", .text(setting.kind.name)),
        .init("default", .optional(setting.defaultText)),
        .init("range", range.isEmpty ? .none : .text(range)),
        .init("variable", .text(setting.variable)),
      ]
      if json {
        fields += [
          .init("developmentDefault", .optional(setting.developmentText)),
          .init("flag", .text(setting.flag)), .init("summary", .text(setting.summary)),
        ]
      }
      printer.add(ReportRow(ReportRow.Kind("setting"), fields))
    }
    printer.finish()
  }
}
