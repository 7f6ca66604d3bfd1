import MoldauFormat

/// Bytes of a log of which no batch can be made.
struct UnreadableBytes {
  enum Extent: Hashable {
    /// Whole batches follow; these offsets are missing, as far as the neighbours tell.
    case damage(Range<Offset>)
    /// Nothing follows: an unfinished write.
    case tornTail
    /// Only zeros follow: allocated and not yet written.
    case zeros
  }

  var range: Range<Int>
  var extent: Extent
  var reason: FormatError
  /// The header, where the bytes have a legal one.
  var header: RecordBatchHeader?
}
