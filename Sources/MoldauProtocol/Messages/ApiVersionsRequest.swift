/// Asks which requests the broker serves, in which versions: a client's first request.
package struct ApiVersionsRequest: ProtocolRequest {
  package typealias Response = ApiVersionsResponse
  package static let apiKey = ApiKey.apiVersions

  package var clientSoftwareName = ""
  package var clientSoftwareVersion = ""

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&clientSoftwareName, since: 3)
    try coder.field(&clientSoftwareVersion, since: 3)
    try coder.tags()
  }
}
