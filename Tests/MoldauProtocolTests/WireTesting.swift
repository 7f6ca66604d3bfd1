import MoldauFormat
import Testing

@testable import MoldauProtocol

/// Returns the message at the start of `bytes`; throws when bytes are left over, too.
func decode<Message: ProtocolMessage>(
  _: Message.Type, _ bytes: [UInt8], version: Int16
) throws(ProtocolError) -> Message {
  var reader = ProtocolReader(bytes.span)
  let message = try Message(decoding: &reader, version: version)
  try reader.expectEnd()
  return message
}

/// Returns the message's bytes, with the slices of `frame` that its records name put in place.
func encode(_ message: some ProtocolMessage, version: Int16, recordsFrom frame: [UInt8]) -> [UInt8]
{
  var slices: [ArraySlice<UInt8>] = []
  func outOfBand(_ records: inout Records) {
    guard case .inFrame(let offset, let count) = records else { return }
    records = .outOfBand(slice: slices.count, count: count)
    slices.append(frame[offset..<(offset + count)])
  }

  var writer = ProtocolWriter()
  switch message {
  case var request as ProduceRequest:
    for topic in request.topics.indices {
      for partition in request.topics[topic].partitions.indices {
        outOfBand(&request.topics[topic].partitions[partition].records)
      }
    }
    request.encode(into: &writer, version: version)
  case var response as FetchResponse:
    for topic in response.topics.indices {
      for partition in response.topics[topic].partitions.indices {
        outOfBand(&response.topics[topic].partitions[partition].records)
      }
    }
    response.encode(into: &writer, version: version)
  default:
    message.encode(into: &writer, version: version)
  }
  return assemble(writer, slices: slices)
}

/// Returns what goes to the socket: the writer's bytes with the slices at their places.
func assemble(_ writer: borrowing ProtocolWriter, slices: [ArraySlice<UInt8>]) -> [UInt8] {
  let own = writer.copyBytes()
  var result: [UInt8] = []
  writer.forEachSegment { segment in
    switch segment {
    case .bytes(let range): result += own[range]
    case .slice(let index, let count):
      precondition(slices[index].count == count)
      result += slices[index]
    }
  }
  return result
}

extension ProtocolWriter {
  borrowing func copyBytes() -> [UInt8] {
    unsafe withUnsafeBytes { unsafe Array($0) }
  }
}

/// Returns the leaf values of a message in the order in which it declares them.
///
/// `~` null, `[n` an array of n, `#n` n bytes of records, `#` and hexadecimal digits other bytes,
/// strings in quotes, ids in hexadecimal.
func flatten(_ value: Any) -> [String] {
  switch value {
  case let value where type(of: value) == [UInt8].self:
    return ["#" + (value as? [UInt8] ?? []).map { hex($0) }.joined()]
  case let value as any BinaryInteger & WireValue: return ["\(value)"]
  case let value as Bool: return ["\(value)"]
  case let value as String: return ["\"\(value)\""]
  case let value as ErrorCode: return ["\(value.rawValue)"]
  case let value as TopicID: return [hex(value.high) + ":" + hex(value.low)]
  case let value as Records: return value == .null ? ["~"] : ["#\(value.count)"]
  default: break
  }
  let mirror = Mirror(reflecting: value)
  let leaves = mirror.children.flatMap { flatten($0.value) }
  switch mirror.displayStyle {
  case .optional: return leaves.isEmpty ? ["~"] : leaves
  case .collection: return ["[\(mirror.children.count)"] + leaves
  default: return leaves
  }
}

private func hex(_ value: some FixedWidthInteger) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
}

/// Returns the bytes that `text` spells in hexadecimal.
func bytes(hex text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// One entry of `GoldenMessages` or of its kind.
struct GoldenMessage: Sendable, CustomTestStringConvertible {
  let name: String
  let version: Int16
  var bytes: [UInt8] = []
  var leaves = ""

  var testDescription: String { "\(name) v\(version)" }

  private static let texts = [
    GoldenMessages.text, GoldenGroups.text, GoldenOffsets.text, GoldenTopics.text,
    GoldenCluster.text, GoldenConsumerGroups.text, GoldenPeers.text,
  ]

  static let all: [GoldenMessage] = {
    var messages: [GoldenMessage] = []
    for line in texts.joined(separator: "\n").split(separator: "\n") {
      if line.hasPrefix("  ") {
        messages[messages.count - 1].bytes += MoldauProtocolTests.bytes(hex: String(line))
      } else if line.hasPrefix("=") {
        messages[messages.count - 1].leaves += line.dropFirst()
      } else {
        let words = line.split(separator: " ")
        guard words.count == 2, let version = Int16(words[1]) else {
          preconditionFailure("a golden message starts with its name and version: \(line)")
        }
        messages.append(GoldenMessage(name: String(words[0]), version: version))
      }
    }
    return messages
  }()

  /// The message's type; traps on a name that `messageTypes` lacks.
  var type: any ProtocolMessage.Type {
    guard let type = messageTypes[name] else { preconditionFailure("unknown message \(name)") }
    return type
  }
}

/// A small generator with a seed, so that a failure repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed &>> 31)
  }
}
