/// A consumer's batches as a sequence; what `Consumer.batches` returns.
public struct ConsumerBatches: AsyncSequence, Sendable {
  public typealias Element = ConsumerBatch
  public typealias Failure = LogError

  let consumer: Consumer
  let maxRecords: Int
  let maxBytes: Int

  public func makeAsyncIterator() -> Iterator {
    Iterator(batches: self)
  }

  public struct Iterator: AsyncIteratorProtocol {
    let batches: ConsumerBatches

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(LogError) -> ConsumerBatch? {
      try await batches.consumer.nextBatch(
        maxRecords: batches.maxRecords, maxBytes: batches.maxBytes)
    }

    public mutating func next() async throws(LogError) -> ConsumerBatch? {
      try await next(isolation: nil)
    }
  }
}
