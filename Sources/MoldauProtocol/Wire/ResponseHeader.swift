/// What stands in front of every response: the request's correlation id, and in header version 1
/// (flexible responses) tagged fields.
///
/// The answer to ApiVersions always has header version 0: the client does not know yet what the
/// broker can write.
package struct ResponseHeader: Equatable, Sendable {
  package var correlationID: Int32

  package init(correlationID: Int32) {
    self.correlationID = correlationID
  }

  package init(
    decoding reader: inout ProtocolReader, for api: SupportedApi, version: Int16
  ) throws(ProtocolError) {
    correlationID = try reader.integer()
    if Self.hasTags(api, version) { try reader.skipTags(version: version) }
  }

  package func encode(into writer: inout ProtocolWriter, for api: SupportedApi, version: Int16) {
    writer.integer(correlationID)
    if Self.hasTags(api, version) { writer.unsignedVarint(0) }
  }

  private static func hasTags(_ api: SupportedApi, _ version: Int16) -> Bool {
    api.key != .apiVersions && api.isFlexible(version)
  }
}
