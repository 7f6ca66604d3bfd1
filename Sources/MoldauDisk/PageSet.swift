/// A set of pages of a file, by number.
///
/// A bit a page, so that even the largest simulated file costs little.
struct PageSet {
  static let pageByteCount = 4096

  private var words: [UInt64] = []

  /// The pages that the bytes of `range` touch.
  static func pages(of range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    return (range.lowerBound / pageByteCount)..<((range.upperBound - 1) / pageByteCount + 1)
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  func contains(_ page: Int) -> Bool {
    let word = page / 64
    return word < words.count && words[word] & (1 << UInt64(page % 64)) != 0
  }

  mutating func insert(_ page: Int) {
    let word = page / 64
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
    }
    words[word] |= 1 << UInt64(page % 64)
  }

  mutating func insert(_ pages: Range<Int>) {
    for page in pages { insert(page) }
  }

  mutating func remove(_ page: Int) {
    let word = page / 64
    if word < words.count { words[word] &= ~(1 << UInt64(page % 64)) }
  }

  mutating func removeAll() {
    words.removeAll()
  }

  /// Removes `page` and all after it; returns how many were there.
  mutating func removeAll(from page: Int) -> Int {
    var removed = 0
    for number in page..<max(page, words.count * 64) where contains(number) {
      remove(number)
      removed += 1
    }
    return removed
  }

  /// The number of `pages` that are not in the set.
  func missingCount(in pages: Range<Int>) -> Int {
    var missing = 0
    for page in pages where !contains(page) { missing += 1 }
    return missing
  }

  /// All pages, in order.
  var elements: [Int] {
    var found: [Int] = []
    for (index, word) in words.enumerated() where word != 0 {
      for bit in 0..<64 where word & (1 << UInt64(bit)) != 0 { found.append(index * 64 + bit) }
    }
    return found
  }

  func union(_ other: PageSet) -> PageSet {
    var result = self
    for page in other.elements { result.insert(page) }
    return result
  }
}
