/// What is wrong with the settings, and where.
package struct SettingsProblem: Hashable, Sendable, CustomStringConvertible {
  /// `FILE:LINE`, the variable or the flag.
  package var place: String
  package var message: String

  package var description: String { "\(place): \(message)" }
}

/// Everything that is wrong with the settings.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  package var problems: [SettingsProblem]

  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
