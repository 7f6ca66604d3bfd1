import MoldauBenchmarks
import MoldauFormat

/// What the demo did and measured.
struct DemoResult: Sendable {
  var lineCount: Int
  var lineBytes: Int
  var address: String
  var startDuration: Duration
  var written: DemoClient.Written
  var read: DemoClient.ReadBack
  /// The records that a power cut would have spared when the last acknowledgement came.
  var durableCount: Int
  var logBytes: Int

  /// Whether every line came back as it was sent, and was durable.
  var isGood: Bool { read.equalCount == lineCount && durableCount == lineCount }

  // MARK: For people

  var text: String {
    """
    A broker started in \(time(startDuration)) at \(address), its data in a temporary folder.

    written   \(count(lineCount)) log lines, \(bytes(lineBytes)), in \(time(written.duration)): \
    \(rate(written.duration)) (acks=all, \(written.batchCount) batches, \(DemoClient.codec))
    durable   \(count(durableCount)) of them: each acknowledgement waited until the device had \
    its batch (group commit)
    on disk   \(bytes(logBytes)) of log: \(ratio) to 1
    read      \(count(lineCount)) lines in \(time(read.duration)): \(rate(read.duration)) \
    (\(read.fetchCount) fetches)
    verified  \(verdict)

    The folder is gone. To keep one: moldau serve --data events --kafka 127.0.0.1:9092
    """
  }

  private var verdict: String {
    read.equalCount == lineCount
      ? "every line came back as it was sent, byte for byte"
      : "ONLY \(count(read.equalCount)) LINES CAME BACK AS THEY WERE SENT"
  }

  private var ratio: String {
    Quantity.decimals(Double(lineBytes) / Double(max(logBytes, 1)), 1)
  }

  private func count(_ value: Int) -> String {
    let digits = String(value)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return text
  }

  private func bytes(_ value: Int) -> String { Quantity.bytes(Double(value)) }

  private func time(_ duration: Duration) -> String {
    Quantity.time(nanoseconds: duration.seconds * 1e9)
  }

  private func rate(_ duration: Duration) -> String {
    let seconds = max(duration.seconds, 1e-9)
    return Quantity.count(Double(lineCount) / seconds) + " lines/s, "
      + Quantity.bytes(Double(lineBytes) / seconds) + "/s"
  }

  // MARK: For programs

  var json: String {
    JSONValue.object([
      .init("lines", .integer(lineCount)),
      .init("lineBytes", .integer(lineBytes)),
      .init("startSeconds", .number(startDuration.seconds)),
      .init("compression", .string("\(DemoClient.codec)")),
      .init("durability", .string("group-commit")),
      .init("written", figures(written.duration, [.init("batches", .integer(written.batchCount))])),
      .init("durableLines", .integer(durableCount)),
      .init("logBytes", .integer(logBytes)),
      .init("read", figures(read.duration, [.init("fetches", .integer(read.fetchCount))])),
      .init("equalLines", .integer(read.equalCount)),
    ]).text
  }

  private func figures(_ duration: Duration, _ more: [JSONValue.Member]) -> JSONValue {
    let seconds = max(duration.seconds, 1e-9)
    return .object(
      [
        .init("seconds", .number(duration.seconds)),
        .init("linesPerSecond", .number(Double(lineCount) / seconds)),
        .init("megabytesPerSecond", .number(Double(lineBytes) / seconds / 1e6)),
      ] + more)
  }
}

extension Duration {
  fileprivate var seconds: Double { self / .seconds(1) }
}
