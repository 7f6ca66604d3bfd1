/// What the writer of a batch decides that its records do not say.
@usableFromInline
package struct BatchFields: Equatable, Sendable {
  @usableFromInline package var baseOffset: Offset
  @usableFromInline package var partitionLeaderEpoch: Int32
  /// Names the codec of the compressed records, when they are.
  @usableFromInline package var attributes: BatchAttributes
  /// The producer's id, or −1.
  @usableFromInline package var producerID: Int64
  @usableFromInline package var producerEpoch: Int16
  /// The sequence number of the first record, or −1.
  @usableFromInline package var baseSequence: Int32
  /// Replaces the last record's delta: a compacted batch keeps that of the batch it was.
  @usableFromInline package var lastOffsetDelta: Int32?
  /// Replaces the greatest timestamp of the records: the time of the append, if that counts.
  @usableFromInline package var maxTimestampMilliseconds: Int64?

  @inlinable
  package init(
    baseOffset: Offset = Offset(rawValue: 0), partitionLeaderEpoch: Int32 = -1,
    attributes: BatchAttributes = BatchAttributes(rawValue: 0), producerID: Int64 = -1,
    producerEpoch: Int16 = -1, baseSequence: Int32 = -1, lastOffsetDelta: Int32? = nil,
    maxTimestampMilliseconds: Int64? = nil
  ) {
    self.baseOffset = baseOffset
    self.partitionLeaderEpoch = partitionLeaderEpoch
    self.attributes = attributes
    self.producerID = producerID
    self.producerEpoch = producerEpoch
    self.baseSequence = baseSequence
    self.lastOffsetDelta = lastOffsetDelta
    self.maxTimestampMilliseconds = maxTimestampMilliseconds
  }
}
