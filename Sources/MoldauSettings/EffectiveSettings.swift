/// Where a value comes from; later ones count before earlier ones.
package enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
  case standard
  /// The default that `--dev` brings.
  case development
  case file(place: String)
  case environment(variable: String)
  case flag(String)

  package var description: String {
    switch self {
    case .standard: "default"
    case .development: "default of --dev"
    case .file(let place): place
    case .environment(let variable): variable
    case .flag(let flag): flag
    }
  }
}

/// The value that each setting has, and where from: flags over the environment over the file over
/// defaults.
package struct EffectiveSettings: Sendable {
  /// A setting that was made.
  package struct Given: Hashable, Sendable {
    package var name: String
    package var texts: [String]
    package var origin: SettingOrigin

    package init(name: String, texts: [String], origin: SettingOrigin) {
      self.name = name
      self.texts = texts
      self.origin = origin
    }
  }

  /// One line of `moldau config show`.
  package struct Line: Sendable {
    package let setting: Setting
    /// nil: it has none.
    package let text: String?
    package let origin: SettingOrigin
  }

  package private(set) var lines: [Line] = []
  package private(set) var serve = ServeSettings()

  /// Puts the settings together.
  ///
  /// - Parameters:
  ///   - flags: what the command line says.
  ///   - environment: all variables of the process; those that begin with `MOLDAU_` count.
  ///   - file: the settings file's entries.
  package init(
    flags: [Given], environment: [String: String], file: [Given] = []
  ) throws(SettingsError) {
    var problems: [SettingsProblem] = []
    var given: [String: Given] = [:]
    let all = file + Self.fromEnvironment(environment, &problems) + flags
    for one in all { given[one.name] = one }
    var values: [(Setting, SettingValue, SettingOrigin)] = []
    // Every value is read, also one that another hides: a mistake is a mistake.
    for one in all {
      guard let setting = Setting.named(one.name) else { continue }
      do throws(SettingKind.Refusal) {
        let value = try setting.kind.parse(one.texts)
        if given[one.name] == one { values.append((setting, value, one.origin)) }
      } catch {
        let place = "\(one.origin)"
        let name = place.hasSuffix(one.name) || place == setting.variable ? "" : "\(one.name): "
        problems.append(SettingsProblem(place: place, message: "\(name)\(error.reason)"))
      }
    }
    guard problems.isEmpty else { throw SettingsError(problems: problems) }
    let isDevelopment = values.contains { $0.0.name == "dev" && $0.1 == .boolean(true) }
    for setting in Setting.all {
      if let (_, value, origin) = values.last(where: { $0.0.name == setting.name }) {
        add(setting, value, origin)
      } else {
        addDefault(of: setting, isDevelopment: isDevelopment)
      }
    }
    serve.finish()
    try check()
  }

  private mutating func add(_ setting: Setting, _ value: SettingValue, _ origin: SettingOrigin) {
    setting.apply(&serve, value)
    lines.append(Line(setting: setting, text: value.text, origin: origin))
  }

  private mutating func addDefault(of setting: Setting, isDevelopment: Bool) {
    let changed = isDevelopment ? setting.developmentText : nil
    guard let text = changed ?? setting.defaultText else {
      return lines.append(Line(setting: setting, text: nil, origin: .standard))
    }
    do throws(SettingKind.Refusal) {
      add(setting, try setting.kind.parse([text]), changed == nil ? .standard : .development)
    } catch {
      preconditionFailure("the default of \(setting.name) is a value: \(error.reason)")
    }
  }

  /// What no single setting can check.
  private func check() throws(SettingsError) {
    var problems: [SettingsProblem] = []
    func origin(_ name: String) -> String {
      lines.first { $0.setting.name == name }.map { "\($0.origin)" } ?? name
    }
    if serve.listenAddresses.isEmpty {
      problems.append(SettingsProblem(place: origin("kafka"), message: "kafka: one is needed"))
    }
    if serve.advertisedAddresses.count > serve.listenAddresses.count {
      problems.append(
        SettingsProblem(
          place: origin("advertise"),
          message: "advertise: \(serve.advertisedAddresses.count) addresses for"
            + " \(serve.listenAddresses.count) listeners"))
    }
    if serve.server.maxRequestBytes > serve.server.requestMemoryBytes {
      problems.append(
        SettingsProblem(
          place: origin("request-memory"),
          message: "request-memory: it is smaller than max-request-size"))
    }
    if serve.cluster.coordination != nil, serve.server.broker.nodeID == nil {
      problems.append(
        SettingsProblem(
          place: origin("cluster"), message: "node-id: a broker of a cluster needs a number"))
    }
    if let coordination = serve.cluster.coordination,
      coordination != ServeClusterSettings.embedded, serve.cluster.replicationAddress == nil
    {
      problems.append(
        SettingsProblem(
          place: origin("cluster"),
          message: "replication: the other brokers need an address of this one"))
    }
    let groups = serve.server.broker.groups
    if groups.minSessionTimeout > groups.maxSessionTimeout {
      problems.append(
        SettingsProblem(
          place: origin("min-session-timeout"),
          message: "min-session-timeout: it is longer than max-session-timeout"))
    }
    guard problems.isEmpty else { throw SettingsError(problems: problems) }
  }

  // MARK: The environment

  /// The variable that names the settings file.
  package static let fileVariable = "MOLDAU_CONFIG"

  /// Variables of ours; one that is nearly the name of a setting is taken for a slip, others belong
  /// to somebody else (Kubernetes makes some for a service named `moldau`).
  private static func fromEnvironment(
    _ environment: [String: String], _ problems: inout [SettingsProblem]
  ) -> [Given] {
    let variables = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.variable, $0) })
    var given: [Given] = []
    for (variable, text) in environment.sorted(by: { $0.key < $1.key })
    where variable.hasPrefix("MOLDAU_") && variable != fileVariable {
      if let setting = variables[variable] {
        let texts =
          setting.kind.isList
          ? text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed) : [text]
        given.append(
          Given(name: setting.name, texts: texts, origin: .environment(variable: variable)))
      } else if let near = variables.keys.sorted().first(where: {
        Suggestion.distance(variable, $0) <= 2
      }) {
        problems.append(
          SettingsProblem(
            place: variable, message: "there is no such setting; did you mean \(near)?"))
      }
    }
    return given
  }

  private static func trimmed(_ text: Substring) -> String {
    let rest = text.drop { $0 == " " }
    return String(rest.reversed().drop { $0 == " " }.reversed())
  }
}
