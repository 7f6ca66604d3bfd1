/// A place in a partition, as people write it.
package enum Position: Equatable, Sendable {
  case earliest
  case latest
  /// So many records before the end.
  case beforeEnd(Int64)
  case offset(Int64)
  /// The first record at or after a time, in milliseconds since 1970; the end when there is none.
  case time(Int64)

  /// Reads `earliest`, `latest`, `latest-10`, an offset, or a time (`TimeText`).
  package init(_ text: String, now: Int64) throws(ArgumentFailure) {
    if text == "earliest" || text == "beginning" {
      self = .earliest
    } else if text == "latest" || text == "end" {
      self = .latest
    } else if text.hasPrefix("latest-"), let count = Int64(text.dropFirst(7)), count >= 0 {
      self = .beforeEnd(count)
    } else if let offset = Int64(text), offset >= 0 {
      self = .offset(offset)
    } else if let time = TimeText.milliseconds(of: text, now: now) {
      self = .time(time)
    } else {
      throw ArgumentFailure(
        "\"\(text)\" is no position: earliest, latest, latest-10, an offset, or a time as "
          + TimeText.examples)
    }
  }
}
