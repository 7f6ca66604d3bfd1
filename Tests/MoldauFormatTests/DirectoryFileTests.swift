import MoldauFormat
import Testing

struct DirectoryFileTests {
  @Test("meta.properties is read as Kafka writes it, and unknown keys survive")
  func metaProperties() throws {
    let text = """
      #
      #Tue Nov 24 04:06:39 UTC 2026
      node.id=1
      directory.id=CePlIX1njI3RibzyvAnlWw
      version=1
      cluster.id=MkU3OEVBNTcwNTJENDM2Qk
      some.key=a\\=b \\\\ c\\t\\u00e4

      """
    let read = try parse(Array(text.utf8), meta)
    let expected = MetaProperties(
      clusterID: "MkU3OEVBNTcwNTJENDM2Qk", nodeID: 1,
      directoryID: TopicID(base64: "CePlIX1njI3RibzyvAnlWw"),
      others: [.init(key: "some.key", value: "a=b \\ c\tä")])
    #expect(read == expected)
    #expect(try parse(read.encode(), meta) == read)
    let lines = String(decoding: read.encode(), as: UTF8.self).split(separator: "\n")
    #expect(lines.prefix(4) == text.split(separator: "\n").dropFirst(2).prefix(4))
  }

  @Test("version 0 calls the node a broker; blanks around a separator do not count")
  func oldMetaProperties() throws {
    let read = try parse(Array("version = 0\r\n! old\nbroker.id: 7\n".utf8), meta)
    #expect(read == MetaProperties(clusterID: nil, nodeID: 7, directoryID: nil))
  }

  @Test(
    "meta.properties that break a rule are refused",
    arguments: [
      ("node.id=1\n", FormatError.invalid(field: "meta.properties", reason: "it has no version")),
      ("version=2\n", .unsupportedVersion(field: "meta.properties", version: 2)),
      (
        "version=1\nnode.id=x\n",
        .invalid(
          field: "node.id", reason: "'x' is not a 32-bit number")
      ),
      (
        "version=1\ndirectory.id=x\n",
        .invalid(
          field: "directory.id", reason: "'x' is not 22 characters of base64")
      ),
      (
        "version=1\nnonsense\n",
        .invalid(
          field: "meta.properties", reason: "a line has no '='")
      ),
      (
        "version=1\na=b\\\nc\n",
        .invalid(
          field: "meta.properties", reason: "a line goes on in the next")
      ),
      (
        "version=1\na=\\u12\n",
        .invalid(
          field: "meta.properties", reason: "a '\\u' has no four digits of a character")
      ),
    ])
  func refusedMetaProperties(text: String, error: FormatError) {
    #expect(failure(of: Array(text.utf8), meta) == error)
  }

  @Test("partition.metadata is read and written byte for byte")
  func partitionMetadata() throws {
    let text = "version: 0\ntopic_id: bt0hLVvUQ8GeiiLaN17hsQ"
    let read = try parse(Array(text.utf8), metadata)
    #expect(read.topicID.base64 == "bt0hLVvUQ8GeiiLaN17hsQ")
    #expect(String(decoding: read.encode(), as: UTF8.self) == text)
    #expect(try parse(Array("\(text)\n".utf8), metadata) == read)
  }

  @Test(
    "partition.metadata that breaks a rule is refused",
    arguments: [
      ("", FormatError.invalid(field: "partition.metadata", reason: "it has no version")),
      (
        "version: 1\ntopic_id: bt0hLVvUQ8GeiiLaN17hsQ",
        .unsupportedVersion(
          field: "partition.metadata", version: 1)
      ),
      ("version: 0\n", .invalid(field: "partition.metadata", reason: "it names no topic")),
      (
        "version: 0\ntopic_id: x",
        .invalid(
          field: "partition.metadata", reason: "it names no topic")
      ),
      (
        "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA",
        .invalid(
          field: "partition.metadata", reason: "it names no topic")
      ),
      (
        "version: 0\nother: 1",
        .invalid(
          field: "partition.metadata", reason: "it has the key 'other'")
      ),
    ])
  func refusedPartitionMetadata(text: String, error: FormatError) {
    #expect(failure(of: Array(text.utf8), metadata) == error)
  }

  @Test("the clean-stop marker is read and written byte for byte")
  func cleanShutdownMarker() throws {
    let text = "{\"version\":0,\"brokerEpoch\":309}"
    #expect(try parse(Array(text.utf8), marker) == CleanShutdownMarker(brokerEpoch: 309))
    let written = CleanShutdownMarker(brokerEpoch: 309).encode()
    #expect(String(decoding: written, as: UTF8.self) == text)
  }

  @Test(
    "other forms of the marker are read too",
    arguments: [
      ("", -1), ("{\"version\":0}", -1), ("{ \"brokerEpoch\" : -1,\n \"version\" : 0 }\n", -1),
      ("{\"version\":0,\"brokerEpoch\":7,\"more\":1}", 7),
    ] as [(String, Int64)])
  func otherMarkers(text: String, brokerEpoch: Int64) throws {
    #expect(try parse(Array(text.utf8), marker).brokerEpoch == brokerEpoch)
  }

  @Test(
    "a marker that breaks a rule is refused",
    arguments: ["{", "}", "{}", "[]", "0", "{\"version\":1}", "{\"version\":\"0\"}", "{version:0}"])
  func refusedMarkers(text: String) {
    #expect(failure(of: Array(text.utf8), marker) != nil)
  }

  private func meta(_ bytes: RawSpan) throws(FormatError) -> MetaProperties {
    try MetaProperties(parsing: bytes)
  }

  private func metadata(_ bytes: RawSpan) throws(FormatError) -> PartitionMetadata {
    try PartitionMetadata(parsing: bytes)
  }

  private func marker(_ bytes: RawSpan) throws(FormatError) -> CleanShutdownMarker {
    try CleanShutdownMarker(parsing: bytes)
  }
}
