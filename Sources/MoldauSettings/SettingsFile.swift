import MoldauDisk

/// The settings file: a mapping of names to values, in YAML.
package enum SettingsFile {
  /// Reads the settings in the file at `path`.
  package static func read(_ path: String) throws(SettingsError) -> [EffectiveSettings.Given] {
    var bytes: [UInt8]?
    do throws(DiskError) {
      let disk = SystemDisk()
      let isFile = try disk.kind(of: path) == .file
      if isFile, try disk.size(of: path) <= Limits.fileBytes {
        bytes = try disk.contents(of: path)
      }
    } catch {
      throw problem(path, "it cannot be read: \(error)")
    }
    guard let bytes else {
      let limit = HumanUnits.text(byteCount: Limits.fileBytes)
      throw problem(path, "there is no file of at most \(limit)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw problem(path, "it is no UTF-8 text")
    }
    return try parse(text, path: path)
  }

  private static func problem(_ place: String, _ message: String) -> SettingsError {
    SettingsError(problems: [SettingsProblem(place: place, message: message)])
  }

  /// Reads the settings in a text; `path` is what errors call it.
  package static func parse(
    _ text: String, path: String
  ) throws(SettingsError) -> [EffectiveSettings.Given] {
    let entries: [SettingsYAML.Entry]
    do throws(SettingsYAML.Problem) {
      entries = try SettingsYAML.parse(text)
    } catch {
      throw problem("\(path):\(error.line)", error.message)
    }
    var problems: [SettingsProblem] = []
    var given: [EffectiveSettings.Given] = []
    for entry in entries {
      let place = "\(path):\(entry.line)"
      guard let setting = Setting.named(entry.key) else {
        let hint = Suggestion.setting(for: entry.key).map { "; did you mean \($0.name)?" }
        problems.append(
          SettingsProblem(
            place: place, message: "there is no setting \"\(entry.key)\"\(hint ?? "")"))
        continue
      }
      guard !entry.values.isEmpty else { continue }
      given.append(.init(name: setting.name, texts: entry.values, origin: .file(place: place)))
    }
    guard problems.isEmpty else { throw SettingsError(problems: problems) }
    return given
  }
}
