/// What stands in front of every request.
///
/// `int16 key, int16 version, int32 correlationID, nullable string clientID`, and in header
/// version 2 (flexible requests) tagged fields. The client's id keeps its 16-bit length always.
package struct RequestHeader: Equatable, Sendable {
  /// The request's key as sent; `api` is nil when this build does not know it.
  package var apiKey: Int16
  package var version: Int16
  /// Comes back in the response, by which the client tells its requests apart.
  package var correlationID: Int32
  package var clientID: String?

  package var api: ApiKey? { ApiKey(rawValue: apiKey) }

  package init(apiKey: ApiKey, version: Int16, correlationID: Int32, clientID: String?) {
    self.apiKey = apiKey.rawValue
    self.version = version
    self.correlationID = correlationID
    self.clientID = clientID
  }

  /// Whether this build can read the request behind this header.
  package var isSupported: Bool { supported != nil }

  private var supported: SupportedApi? {
    guard let api, let supported = SupportedApi.of(api), supported.versions.contains(version)
    else { return nil }
    return supported
  }

  /// Reads a header; `reader` then stands at the message.
  ///
  /// Of a request that is not supported (`isSupported`) only the fixed part is read, since what
  /// follows may look different: enough to answer with the right correlation id.
  package init(decoding reader: inout ProtocolReader) throws(ProtocolError) {
    apiKey = try reader.integer()
    version = try reader.integer()
    correlationID = try reader.integer()
    guard let supported else { return }
    if let length = try reader.stringLength(isCompact: false) {
      clientID = try reader.text(byteCount: length)
    }
    guard supported.isFlexible(version) else { return }
    try reader.skipTags(version: version)
  }

  /// Writes the header.
  ///
  /// - Precondition: the API and version are supported.
  package func encode(into writer: inout ProtocolWriter) {
    guard let supported else {
      preconditionFailure("API \(apiKey) version \(version) is not one that this build writes")
    }
    writer.integer(apiKey)
    writer.integer(version)
    writer.integer(correlationID)
    if let clientID {
      writer.string(clientID, isCompact: false)
    } else {
      writer.stringLength(nil, isCompact: false)
    }
    if supported.isFlexible(version) { writer.unsignedVarint(0) }
  }
}
