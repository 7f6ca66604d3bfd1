/// One setting of `moldau serve`: the table of them is in `Setting+All.swift`.
///
/// From it come the flag's help, the variable's name, the key of the settings file, what
/// `moldau config` shows, and the table of docs/configuration.md.
package struct Setting: Sendable {
  /// The key in the settings file, and the flag without its dashes.
  package let name: String
  package let kind: SettingKind
  /// The default, as a person would write it; nil when there is none.
  package let defaultText: String?
  /// The default of `--dev`, where it is another.
  package let developmentText: String?
  /// What it is for, in a sentence.
  package let summary: String
  /// What Kafka calls it, or something that does this in Kafka.
  package let kafkaNames: [String]
  let apply: @Sendable (inout ServeSettings, SettingValue) -> Void

  init(
    _ name: String, _ kind: SettingKind, default defaultText: String?,
    dev developmentText: String? = nil,
    kafka kafkaNames: [String] = [], _ summary: String,
    _ apply: @escaping @Sendable (inout ServeSettings, SettingValue) -> Void
  ) {
    self.name = name
    self.kind = kind
    self.defaultText = defaultText
    self.developmentText = developmentText
    self.summary = summary
    self.kafkaNames = kafkaNames
    self.apply = apply
  }

  package var flag: String { "--\(name)" }

  /// The environment variable.
  package var variable: String {
    "MOLDAU_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  package static func named(_ name: String) -> Setting? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
