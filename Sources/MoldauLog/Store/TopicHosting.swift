import MoldauFormat

/// Which partitions of a topic a store has, where it has not all: a broker's of a cluster.
///
/// Kept with the topic's configuration: docs/format/topic-configurations.md. It decides what the
/// folders are: of one that is in it the records are the store's; any other is left of a partition
/// that was removed, or never came to be, and goes when the store is opened.
struct TopicHosting: Hashable, Sendable {
  private static let idKey = "moldau.id"
  private static let numbersKey = "moldau.hosted"

  /// Tells the topic from others that had its name.
  var id: TopicID
  var numbers: Set<Int>

  /// The words that stand for it in the line of a topic.
  var words: [String] {
    ["\(Self.idKey)=\(id.base64)", "\(Self.numbersKey)=\(Self.text(of: numbers))"]
  }

  /// Takes its words out of those of a topic; nil when there are none.
  init?(taking words: inout [(key: String, value: String)]) throws(FormatError) {
    guard let idIndex = words.firstIndex(where: { $0.key == Self.idKey }) else { return nil }
    let idText = words.remove(at: idIndex).value
    guard let id = TopicID(base64: idText) else {
      throw .invalid(field: Self.idKey, reason: "\"\(idText)\" is no topic id")
    }
    self.id = id
    numbers = []
    guard let index = words.firstIndex(where: { $0.key == Self.numbersKey }) else { return }
    numbers = try Self.numbers(words.remove(at: index).value)
  }

  init(id: TopicID, numbers: Set<Int>) {
    self.id = id
    self.numbers = numbers
  }

  /// `0-3,7` for 0, 1, 2, 3 and 7.
  private static func text(of numbers: Set<Int>) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }.joined(separator: ",")
  }

  private static func numbers(_ text: String) throws(FormatError) -> Set<Int> {
    var numbers: Set<Int> = []
    for part in text.split(separator: ",") {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(bounds.count), let first = bounds[0],
        let last = bounds[bounds.count - 1],
        first >= 0, first <= last, last < Limits.maxPartitionsPerTopic
      else {
        throw .invalid(field: numbersKey, reason: "\"\(text)\" is no list of partitions")
      }
      numbers.formUnion(first...last)
    }
    return numbers
  }
}
