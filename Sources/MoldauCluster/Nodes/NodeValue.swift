internal import FoundationEssentials

/// What a node's data say, as JSON with Kafka's names. Fields that are not known are passed over.
package protocol NodeValue: Codable, Hashable, Sendable {
  /// Throws the reason when the fields contradict each other.
  func validate() throws(NodeFault)
}

/// What is wrong with a node's data; `NodeError` says of which node.
package struct NodeFault: Error, Hashable, Sendable {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}

extension NodeValue {
  package func validate() throws(NodeFault) {}

  /// Reads the data of the node at `path`.
  package init(parsing data: [UInt8], at path: String) throws(NodeError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(data))
      try validate()
    } catch let fault as NodeFault {
      throw NodeError(path: path, reason: fault.reason)
    } catch {
      throw NodeError(path: path, reason: Self.reason(of: error))
    }
  }

  /// The node's data: the same bytes for the same value.
  package var data: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(self))
    } catch {
      preconditionFailure("numbers, texts and lists of them can be written: \(error)")
    }
  }

  private static func reason(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "no JSON: \(error)" }
    return switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(place(context.codingPath)): \(context.debugDescription)"
    case .keyNotFound(let key, let context):
      "\(place(context.codingPath + [key])) is missing"
    case .dataCorrupted(let context):
      "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default:
      "\(error)"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "the JSON" : "\"" + path.map(\.stringValue).joined(separator: ".") + "\""
  }
}
