/// Cuts input into records at a delimiter.
struct InputSplitter {
  private let delimiter: [UInt8]
  private var held: [UInt8] = []
  /// Where in `held` the next record begins, and from where on the delimiter is looked for.
  private var start = 0
  private var searched = 0

  /// - Precondition: the delimiter is not empty.
  init(delimiter: [UInt8]) {
    precondition(!delimiter.isEmpty, "records end with something")
    self.delimiter = delimiter
  }

  mutating func add(_ bytes: [UInt8]) throws(CommandFailure) {
    if start > 0 {
      held.removeSubrange(..<start)
      searched -= start
      start = 0
    }
    held += bytes
    guard held.count <= Limits.maxInputRecordBytes + bytes.count else {
      throw CommandFailure(
        "A record of the input is longer than \(Limits.maxInputRecordBytes) bytes. "
          + "Check what delimits the records.")
    }
  }

  /// Returns the next record that the input holds with its delimiter.
  mutating func next() -> [UInt8]? {
    let last = delimiter[delimiter.count - 1]
    while let end = held[searched...].firstIndex(of: last) {
      searched = end + 1
      let cut = searched - delimiter.count
      guard cut >= start, held[cut..<searched].elementsEqual(delimiter) else { continue }
      let record = Array(held[start..<cut])
      start = searched
      return record
    }
    searched = held.count
    return nil
  }

  /// Returns what follows the last delimiter, when there is something.
  mutating func rest() -> [UInt8]? {
    guard start < held.count else { return nil }
    let record = Array(held[start...])
    start = held.count
    searched = start
    return record
  }
}
