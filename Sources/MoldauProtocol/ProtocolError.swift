/// What is wrong with the bytes of a message, and at which byte of its frame.
package struct ProtocolError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    /// `needed` bytes were expected and `available` are left.
    case truncated(needed: Int, available: Int)
    /// A string, an array or a tagged field claims a length that no valid message has.
    case lengthOutOfRange(Int)
    /// The arrays of the message hold more elements than `Limits.arrayElementCount` together.
    case tooManyElements
    /// A variable-length integer does not end within five bytes, or exceeds 32 bits.
    case malformedVarint
    /// A field is null that may not be, in this version.
    case unexpectedNull
    /// The tags of a tagged section do not ascend.
    case tagOutOfOrder(tag: Int)
    /// The content of a tagged field ends before, or after, the size it states.
    case tagSizeMismatch(tag: Int)
    /// `count` bytes follow the end of the message.
    case trailingBytes(count: Int)
    /// This build does not know the message, or not in that version.
    case unsupportedVersion(apiKey: Int16, version: Int16)
    /// What consumers say to each other has no version below 0.
    case unsupportedConsumerProtocol(version: Int16)
    /// The answer is to another request than the one it was read for.
    case unexpectedCorrelationID(expected: Int32, received: Int32)
  }

  package let reason: Reason
  /// The byte of the frame, behind its size, at which the reader stood.
  package let position: Int

  package init(_ reason: Reason, at position: Int) {
    self.reason = reason
    self.position = position
  }

  package var description: String {
    switch reason {
    case .truncated(let needed, let available):
      "the message ends early at byte \(position): \(needed) bytes needed, \(available) left"
    case .lengthOutOfRange(let length):
      "the length \(length) at byte \(position) is out of range"
    case .tooManyElements:
      "the arrays hold more than \(Limits.arrayElementCount) elements at byte \(position)"
    case .malformedVarint:
      "the variable-length integer at byte \(position) is malformed"
    case .unexpectedNull:
      "the field at byte \(position) may not be null in this version"
    case .tagOutOfOrder(let tag):
      "the tagged field \(tag) at byte \(position) is out of order"
    case .tagSizeMismatch(let tag):
      "the tagged field \(tag) does not end at byte \(position), as its size says"
    case .trailingBytes(let count):
      "\(count) bytes follow the end of the message at byte \(position)"
    case .unsupportedVersion(let apiKey, let version):
      "API \(apiKey) is not supported in version \(version)"
    case .unsupportedConsumerProtocol(let version):
      "the consumer protocol has no version \(version)"
    case .unexpectedCorrelationID(let expected, let received):
      "the answer is to request \(received), not to \(expected)"
    }
  }
}
