/// Which requests the broker serves, in which versions.
package struct ApiVersionsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.apiVersions

  package var errorCode = ErrorCode.none
  package var apis: [Api] = []
  package var throttleTimeMilliseconds: Int32 = 0
  /// The three below, and the last, are tagged fields: written from version 4 on only, since
  /// librdkafka 2.0 misreads any tagged field of version 3.
  package var supportedFeatures: [SupportedFeature] = []
  package var finalizedFeaturesEpoch: Int64 = -1
  package var finalizedFeatures: [FinalizedFeature] = []
  package var isZooKeeperMigrationReady = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&errorCode)
    try coder.field(&apis)
    try coder.field(&throttleTimeMilliseconds, since: 1)
    guard coder.isDecoding || coder.version != 3 else { return try coder.tags() }
    var tags = try coder.openTags()
    try coder.field(&supportedFeatures, tag: 0, default: [], since: 3, in: &tags)
    try coder.field(&finalizedFeaturesEpoch, tag: 1, default: -1, since: 3, in: &tags)
    try coder.field(&finalizedFeatures, tag: 2, default: [], since: 3, in: &tags)
    try coder.field(&isZooKeeperMigrationReady, tag: 3, default: false, since: 3, in: &tags)
    try coder.closeTags(tags)
  }

  package struct Api: WireValue, Equatable {
    package var key: Int16 = 0
    package var minimumVersion: Int16 = 0
    package var maximumVersion: Int16 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&key)
      try coder.field(&minimumVersion)
      try coder.field(&maximumVersion)
      try coder.tags()
    }
  }

  package struct SupportedFeature: WireValue, Equatable {
    package var name = ""
    package var minimumVersion: Int16 = 0
    package var maximumVersion: Int16 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&minimumVersion)
      try coder.field(&maximumVersion)
      try coder.tags()
    }
  }

  package struct FinalizedFeature: WireValue, Equatable {
    package var name = ""
    package var maximumVersionLevel: Int16 = 0
    package var minimumVersionLevel: Int16 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&maximumVersionLevel)
      try coder.field(&minimumVersionLevel)
      try coder.tags()
    }
  }
}

extension ApiVersionsResponse {
  /// Returns the answer that lists everything in `SupportedApi.all`.
  package static func listingSupported() -> ApiVersionsResponse {
    var response = ApiVersionsResponse()
    response.apis = SupportedApi.all.map(Api.init)
    return response
  }

  /// Returns the answer to a version of ApiVersions that this build does not know.
  ///
  /// It is to be written in the form of version 0, which every client reads; the client then asks
  /// again in a version of the range listed (KIP-511).
  package static func unsupportedVersion() -> ApiVersionsResponse {
    var response = ApiVersionsResponse()
    response.errorCode = .unsupportedVersion
    response.apis = [Api(supported)]
    return response
  }
}

extension ApiVersionsResponse.Api {
  package init(_ api: SupportedApi) {
    key = api.key.rawValue
    minimumVersion = api.advertisedMinimum
    maximumVersion = api.versions.upperBound
  }
}
