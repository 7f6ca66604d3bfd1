import MoldauFormat

/// What an append needs to know of a topic's configuration, in one word, so that the hot path reads
/// it without a lock.
struct AppendPlan: Hashable, Sendable {
  enum Level: Int {
    case buffered, groupCommit, everyAppend
  }

  let rawValue: Int

  init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// Bits 0–1 hold the level, 2–4 the codec, the rest the longest delay in nanoseconds.
  init(durability: Durability, codec: CompressionCodec) {
    let level: Level
    var delay: Int64 = 0
    switch durability {
    case .buffered: level = .buffered
    case .everyAppend: level = .everyAppend
    case .groupCommit(let maxDelay):
      level = .groupCommit
      let (seconds, attoseconds) = maxDelay.components
      let bounded = min(max(seconds, 0), Int64(Limits.maxCommitDelaySeconds))
      delay = bounded * 1_000_000_000 + max(attoseconds, 0) / 1_000_000_000
    }
    rawValue = level.rawValue | Int(codec.rawValue) << 2 | Int(delay) << 5
  }

  /// The same with another durability.
  func with(_ durability: Durability?) -> AppendPlan {
    guard let durability else { return self }
    return AppendPlan(durability: durability, codec: codec)
  }

  var level: Level {
    guard let level = Level(rawValue: rawValue & 3) else {
      preconditionFailure("a plan has a level")
    }
    return level
  }

  var isBuffered: Bool { rawValue & 3 == 0 }

  var codec: CompressionCodec {
    guard let codec = CompressionCodec(rawValue: Int8(truncatingIfNeeded: rawValue >> 2 & 7)) else {
      preconditionFailure("a plan has a codec")
    }
    return codec
  }

  var isUncompressed: Bool { rawValue & 0b11100 == 0 }

  var maxDelayNanoseconds: Int64 { Int64(rawValue >> 5) }
}
