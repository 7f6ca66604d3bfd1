import ArgumentParser
import MoldauClient
import MoldauCommands
import MoldauFormat

// How the values of options are read; what cannot be read is a wrong command line.

/// Milliseconds.
func parseDuration(_ text: String) throws -> Int64 {
  guard let milliseconds = DurationText.milliseconds(of: text) else {
    throw ValidationError("\"\(text)\" is no duration, such as 500ms, 10s, 5m or 1h30m")
  }
  return milliseconds
}

func parsePosition(_ text: String) throws -> Position {
  try Position(text, now: CommandClock.system.wallMilliseconds())
}

/// Milliseconds since 1970.
func parseTime(_ text: String) throws -> Int64 {
  let now = CommandClock.system.wallMilliseconds()
  guard let milliseconds = TimeText.milliseconds(of: text, now: now) else {
    throw ValidationError("\"\(text)\" is no time, such as \(TimeText.examples)")
  }
  return milliseconds
}

func parseEscaped(_ text: String) throws -> [UInt8] { try EscapedText.bytes(of: text) }

func parseDelimiter(_ text: String) throws -> [UInt8] {
  let bytes = try EscapedText.bytes(of: text)
  guard !bytes.isEmpty else { throw ValidationError("it must not be empty") }
  return bytes
}

func parseAssignment(_ text: String) throws -> Assignment { try Assignment(text) }

func parseHeader(_ text: String) throws -> RecordHeader {
  let pair = try Assignment(text)
  return RecordHeader(name: pair.name, value: Array(pair.value.utf8))
}

/// Completes names of topics by asking the broker of the environment, if it answers at once.
func topicNames(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
  var options = KafkaConnection.Options()
  options.connectTimeoutMilliseconds = 300
  options.timeoutMilliseconds = 1_000
  var parsed = ClientOptions()
  parsed.broker = words.firstIndex(of: "--broker").flatMap { found in
    words.indices.contains(found + 1) ? words[found + 1] : nil
  }
  do {
    return try TopicList.names(in: Cluster(parsed.addresses(), options))
  } catch {
    // A shell that completes has no use for an error.
    return []
  }
}
