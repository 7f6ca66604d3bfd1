/// The partitions that one fetch request is about, in the order in which they are served.
struct FetchScope: Sendable {
  let partitions: [FetchPartition]
  /// The session in which the request came or that it began, if any.
  let session: FetchSession?
  /// Whether the answer leaves out partitions that have nothing new.
  let isIncremental: Bool
}
