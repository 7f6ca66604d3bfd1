/// The settings as docs/configuration.md shows them.
package enum SettingsPage {
  /// A table of Markdown, a row a setting.
  package static var table: [String] {
    ["| setting | kind | default | what it is for |", "|---|---|---|---|"]
      + Setting.all.map { setting in
        let range = setting.kind.range
        let kind = range.isEmpty ? setting.kind.name : "\(setting.kind.name): \(range)"
        var standard = setting.defaultText.map { "`\($0)`" } ?? ""
        if let text = setting.developmentText, text != setting.defaultText {
          standard += ", with `dev` `\(text)`"
        }
        return "| `\(setting.name)` | \(kind) | \(standard) | \(setting.summary) |"
      }
  }
}
