import MoldauFormat
import MoldauLog

/// A setting of topics as Kafka's clients know it: its key, what it may be, and where it is kept.
struct TopicConfigKey: Sendable {
  let name: String
  /// The broker's key that holds for topics which do not have their own, by Kafka's name.
  let brokerName: String?
  let kind: SettingKind
  /// What it does, in a sentence, for those who ask for documentation.
  let documentation: String
  let read: @Sendable (TopicConfiguration) -> String
  /// Takes a text that `kind` has passed.
  let write: @Sendable (inout TopicConfiguration, String) -> Void
  /// Takes the value of another configuration.
  let copy: @Sendable (_ source: TopicConfiguration, _ target: inout TopicConfiguration) -> Void

  /// The value where neither the topic nor the broker says otherwise.
  var standard: String { read(TopicConfiguration()) }

  /// A setting of the store's under its own name.
  init(
    _ setting: TopicSetting, broker brokerName: String, _ kind: SettingKind,
    _ documentation: String
  ) {
    self.init(
      setting.rawValue, broker: brokerName, kind, documentation,
      read: { $0[setting] ?? "" },
      write: { configuration, text in
        do throws(FormatError) { try configuration.set(setting, to: text) } catch {
          preconditionFailure("the key's kind has checked \(text): \(error)")
        }
      })
  }

  /// A setting with its own ways.
  init(
    _ name: String, broker brokerName: String?, _ kind: SettingKind, _ documentation: String,
    read: @escaping @Sendable (TopicConfiguration) -> String,
    write: @escaping @Sendable (inout TopicConfiguration, String) -> Void,
    copy: (@Sendable (TopicConfiguration, inout TopicConfiguration) -> Void)? = nil
  ) {
    self.name = name
    self.brokerName = brokerName
    self.kind = kind
    self.documentation = documentation
    self.read = read
    self.write = write
    self.copy = copy ?? { source, target in write(&target, read(source)) }
  }

  /// A setting that the broker keeps and shows, or acts on itself: the store has no field for it.
  init(
    kept name: String, broker brokerName: String? = nil, _ kind: SettingKind, standard: String,
    _ documentation: String
  ) {
    self.init(
      name, broker: brokerName, kind, documentation,
      read: { $0.keptSettings[name] ?? standard },
      write: { configuration, text in configuration.keptSettings[name] = text },
      copy: { source, target in target.keptSettings[name] = source.keptSettings[name] })
  }
}
