/// How a batch's records are compressed; the raw value stands in the batch's attributes.
public enum CompressionCodec: Int8, CaseIterable, Sendable {
  case none = 0
  case gzip = 1
  case snappy = 2
  case lz4 = 3
  case zstd = 4
}
