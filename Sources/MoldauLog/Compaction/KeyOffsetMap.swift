import MoldauFormat

/// The newest offset of each key in the dirty section of a log.
///
/// Open addressing over slots of 24 bytes, at most three quarters full; never larger than the bound
/// that it is made with. Owned by one pass.
struct KeyOffsetMap: ~Copyable {
  private struct Slot {
    var hash: KeyHash
    /// −1 in a free slot.
    var offset: Int64
  }

  static let bytesPerSlot = 24
  static let minSlotCount = 16

  private let hasher: KeyHasher
  private let maxKeyCount: Int
  private var slots: [Slot]
  private(set) var keyCount = 0

  /// - Parameters:
  ///   - maxBytes: The most memory that the map takes.
  ///   - expectedKeyCount: No more keys than this come, so more room is not needed.
  init(
    maxBytes: Int, expectedKeyCount: Int, using generator: inout some RandomNumberGenerator
  ) {
    hasher = KeyHasher(using: &generator)
    let most = max(maxBytes / Self.bytesPerSlot, Self.minSlotCount)
    let needed = expectedKeyCount < most ? expectedKeyCount + expectedKeyCount / 3 + 1 : most
    let slotCount = max(min(needed, most), Self.minSlotCount)
    maxKeyCount = slotCount * 3 / 4
    slots = Array(
      repeating: Slot(hash: KeyHash(high: 0, low: 0), offset: -1), count: slotCount)
  }

  /// Notes that `key` was written at `offset`; false when the map has no room for another key.
  ///
  /// HOT: once per record of the dirty section.
  mutating func put(_ key: RawSpan, at offset: Offset) -> Bool {
    let hash = hasher.hash(key)
    let index = slot(of: hash)
    if slots[index].offset < 0 {
      guard keyCount < maxKeyCount else { return false }
      keyCount += 1
      slots[index].hash = hash
    }
    slots[index].offset = max(slots[index].offset, offset.rawValue)
    return true
  }

  /// The newest offset at which `key` was written, if it was in the section.
  ///
  /// HOT: once per record below the end of the section.
  func newest(_ key: RawSpan) -> Offset? {
    let offset = slots[slot(of: hasher.hash(key))].offset
    return offset < 0 ? nil : Offset(rawValue: offset)
  }

  /// The slot that holds the hash, or the free one where it would go.
  private func slot(of hash: KeyHash) -> Int {
    var index = Int(hash.high.multipliedFullWidth(by: UInt64(slots.count)).high)
    while slots[index].offset >= 0, slots[index].hash != hash {
      index += 1
      if index == slots.count { index = 0 }
    }
    return index
  }
}
