/// A request or a response: a structure with an API key.
///
/// A conforming type lists its fields in wire order with their Kafka defaults, and names each
/// once in `code(with:)`. See `MetadataRequest` for the pattern.
package protocol ProtocolMessage: WireValue, Equatable {
  static var apiKey: ApiKey { get }
}

package protocol ProtocolResponse: ProtocolMessage {}

package protocol ProtocolRequest: ProtocolMessage {
  associatedtype Response: ProtocolResponse
}

extension ProtocolMessage {
  /// What this build supports of the message's API.
  package static var supported: SupportedApi {
    guard let supported = SupportedApi.of(apiKey) else {
      preconditionFailure("a message stands in the table of supported APIs")
    }
    return supported
  }

  /// Reads a message of `version` at the reader's position.
  ///
  /// Bytes left over are not an error here (`ProtocolReader.expectEnd`): Kafka allows them.
  package init(decoding reader: inout ProtocolReader, version: Int16) throws(ProtocolError) {
    let api = Self.supported
    guard api.versions.contains(version) else {
      throw ProtocolError(
        .unsupportedVersion(apiKey: api.key.rawValue, version: version), at: reader.position)
    }
    self.init()
    var coder = FieldCoder(reading: reader, version: version, isFlexible: api.isFlexible(version))
    try code(with: &coder)
    reader = coder.reader
  }

  /// Writes the message in the form of `version`.
  ///
  /// - Precondition: the version is one of `supported.versions`.
  package func encode(into writer: inout ProtocolWriter, version: Int16) {
    let api = Self.supported
    precondition(api.versions.contains(version), "the caller negotiates the version")
    let own = writer
    var coder = FieldCoder(writing: own, version: version, isFlexible: api.isFlexible(version))
    var message = self
    do {
      try message.code(with: &coder)
    } catch {
      preconditionFailure("writing cannot fail: \(error)")
    }
    writer = coder.writer
  }
}

extension ProtocolReader {
  /// Skips a section of tagged fields.
  mutating func skipTags(version: Int16) throws(ProtocolError) {
    var coder = FieldCoder(reading: self, version: version, isFlexible: true)
    try coder.tags()
    self = coder.reader
  }
}

extension ProtocolWriter {
  /// Writes a whole frame with a request: size, header, message.
  package mutating func appendRequest(
    _ request: some ProtocolRequest, version: Int16, correlationID: Int32, clientID: String?
  ) {
    let frame = beginFrame()
    let header = RequestHeader(
      apiKey: type(of: request).apiKey, version: version, correlationID: correlationID,
      clientID: clientID)
    header.encode(into: &self)
    request.encode(into: &self, version: version)
    endFrame(frame)
  }

  /// Writes a whole frame with a response: size, header, message.
  package mutating func appendResponse(
    _ response: some ProtocolResponse, version: Int16, correlationID: Int32
  ) {
    let frame = beginFrame()
    let header = ResponseHeader(correlationID: correlationID)
    header.encode(into: &self, for: type(of: response).supported, version: version)
    response.encode(into: &self, version: version)
    endFrame(frame)
  }
}
