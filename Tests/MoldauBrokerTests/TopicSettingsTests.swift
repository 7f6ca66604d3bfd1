import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

struct TopicSettingsTests {
  private static let settings = TopicSettings(
    defaults: TopicConfiguration(), durability: .groupCommit(), isDevelopment: false)

  @Test("every key has a value, a documentation, and a default that it takes itself")
  func complete() throws {
    #expect(Set(TopicConfigKey.all.map(\.name)).count == TopicConfigKey.all.count)
    for key in TopicConfigKey.all {
      #expect(key.documentation.hasSuffix("."), "\(key.name)")
      #expect(key.kind.valueType > 0)
      #expect(try key.kind.canonical(key.standard, key: key.name) == key.standard, "\(key.name)")
      let same = try Self.settings.configuration(
        TopicConfiguration(), applying: [SettingChange(name: key.name, .set(key.standard))])
      #expect(Self.settings.value(of: key, in: same) == key.standard, "\(key.name)")
      #expect(same.explicitSettings == [key.name])
    }
  }

  @Test(
    "what is set is told, and goes back to the default",
    arguments: [
      ("cleanup.policy", "delete,compact,delete", "compact,delete"),
      ("retention.ms", " 9223372036854775807 ", "9223372036854775807"),
      ("retention.ms", "-1", "-1"),
      ("retention.bytes", "0", "0"),
      ("segment.bytes", "1024", "1024"),
      ("compression.type", "uncompressed", "uncompressed"),
      ("compression.type", "zstd", "zstd"),
      ("message.timestamp.type", "LogAppendTime", "LogAppendTime"),
      ("min.cleanable.dirty.ratio", "1", "1.0"),
      ("preallocate", "TRUE", "true"),
      ("moldau.flush", "buffered", "buffered"),
      ("flush.ms", "1000", "1000"),
      ("leader.replication.throttled.replicas", "0:1,1:1", "0:1,1:1"),
    ])
  func roundTrip(name: String, text: String, told: String) throws {
    let key = try #require(TopicConfigKey.named(name))
    let changed = try Self.settings.configuration(
      TopicConfiguration(), applying: [SettingChange(name: name, .set(text))])
    #expect(Self.settings.value(of: key, in: changed) == told)
    #expect(
      Self.settings.source(of: key, in: changed) == DescribeConfigsResponse.Source.topic)
    let reset = try Self.settings.configuration(
      changed, applying: [SettingChange(name: name, .reset)])
    #expect(reset == TopicConfiguration())
    #expect(
      Self.settings.source(of: key, in: reset) == DescribeConfigsResponse.Source.default)
  }

  @Test(
    "a value out of range is refused, with the key and the range",
    arguments: [
      ("retention.ms", "-2", "of at least -1"),
      ("segment.bytes", "99999999999", "from 1024 to 2147483647"),
      ("min.cleanable.dirty.ratio", "1.1", "from 0.0 to 1.0"),
      ("min.cleanable.dirty.ratio", "nan", "from 0.0 to 1.0"),
      ("compression.type", "brotli", "producer"),
      ("preallocate", "yes", "true or false"),
      ("cleanup.policy", "", "compact, delete"),
      ("follower.replication.throttled.replicas", "a b", "blanks"),
    ])
  func refused(name: String, text: String, rule: String) throws {
    let error = #expect(throws: AdministrationRefusal.self) {
      _ = try Self.settings.configuration(
        TopicConfiguration(), applying: [SettingChange(name: name, .set(text))])
    }
    #expect(error?.code == .invalidConfig)
    #expect(error?.message.contains(name) == true)
    #expect(error?.message.contains(rule) == true)
  }

  @Test("what an embedding program has set is the topic's own")
  func embedded() throws {
    let key = try #require(TopicConfigKey.named("segment.bytes"))
    let configuration = TopicConfiguration(segmentBytes: 4096)
    #expect(
      Self.settings.source(of: key, in: configuration) == DescribeConfigsResponse.Source.topic)
  }
}
