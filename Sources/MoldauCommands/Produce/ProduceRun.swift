package import MoldauClient
package import MoldauFormat
import MoldauReport

/// `moldau produce`: writes the records of its input to a topic.
package struct ProduceRun {
  package struct Options {
    package var topic: String
    /// nil: by the key, or one after the other.
    package var partition: Int32?
    /// The key of records whose line has none.
    package var key: [UInt8]?
    package var keySeparator: [UInt8]?
    package var delimiter: [UInt8] = [UInt8(ascii: "\n")]
    /// A key or value that is this is null.
    package var null: [UInt8]?
    /// Of every record, beside its own.
    package var headers: [RecordHeader] = []
    /// nil: when the record was read.
    package var timestampMilliseconds: Int64?
    /// Whether the input is JSON, an object a line.
    package var readsJSON = false
    package var producer = Producer.Options()

    package init(topic: String) { self.topic = topic }
  }

  private let context: CommandContext
  private let options: Options
  private let shouldStop: () -> Bool
  private let onProgress: (_ byteCount: Int) -> Void
  private var recordCount = 0
  private var inputByteCount = 0

  /// - Parameters:
  ///   - shouldStop: whether to send what was read and end, asked again and again.
  ///   - onProgress: told how many bytes of the input were read.
  package init(
    _ context: CommandContext, _ options: Options, shouldStop: @escaping () -> Bool = { false },
    onProgress: @escaping (_ byteCount: Int) -> Void = { _ in }
  ) {
    self.context = context
    self.options = options
    self.shouldStop = shouldStop
    self.onProgress = onProgress
  }

  /// Returns when everything was acknowledged; says then how much it was.
  package mutating func run(_ input: any CommandInput) throws {
    let started = context.clock.steadyMilliseconds()
    let producer = try Producer(context.cluster, topic: options.topic, options.producer)
    if let partition = options.partition { try check(partition, producer) }
    do {
      try copy(input, to: producer)
      try producer.flush()
    } catch {
      let written = producer.written.reduce(0) { $0 + $1.recordCount }
      if written > 0 {
        context.output.note("\(written) of \(recordCount) records were acknowledged before:")
      }
      throw error
    }
    try report(producer, milliseconds: context.clock.steadyMilliseconds() - started)
  }

  private mutating func copy(_ input: any CommandInput, to producer: Producer) throws {
    var splitter = InputSplitter(delimiter: options.delimiter)
    var hasUnsent = false
    while !shouldStop() {
      let wait = hasUnsent ? Limits.lingerMilliseconds : Limits.inputWaitMilliseconds
      switch try input.next(waitMilliseconds: wait) {
      case .bytes(let bytes):
        inputByteCount += bytes.count
        try splitter.add(bytes)
        while let line = splitter.next() { try append(line, to: producer) }
        onProgress(inputByteCount)
        hasUnsent = true
      case .nothingYet:
        if hasUnsent { try producer.flush() }
        hasUnsent = false
      case .end:
        if let line = splitter.rest() { try append(line, to: producer) }
        return
      }
    }
  }

  private mutating func append(_ line: [UInt8], to producer: Producer) throws {
    recordCount += 1
    var record: InputRecord
    if options.readsJSON {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { return recordCount -= 1 }
      do throws(CommandFailure) {
        record = try InputRecord(json: line)
      } catch {
        throw CommandFailure("Record \(recordCount) of the input: \(error).")
      }
    } else {
      record = InputRecord(
        line: line, keySeparator: options.keySeparator, null: options.null)
    }
    let partition = options.partition ?? record.partition
    if let partition { try check(partition, producer) }
    try producer.append(
      key: record.key ?? options.key, value: record.value,
      timestampMilliseconds: options.timestampMilliseconds ?? record.timestampMilliseconds
        ?? context.clock.wallMilliseconds(),
      headers: record.headers + options.headers, partition: partition.map(Int.init))
  }

  private func check(_ partition: Int32, _ producer: Producer) throws {
    guard (0..<producer.partitionCount).contains(Int(partition)) else {
      throw CommandFailure(
        "The topic \(options.topic) has no partition \(partition): it has "
          + "\(producer.partitionCount), from 0 on.")
    }
  }

  // MARK: The end

  private func report(_ producer: Producer, milliseconds: Int64) throws {
    let written = producer.written
    let total = written.reduce(0) { $0 + $1.recordCount }
    let seconds = Double(max(milliseconds, 1)) / 1_000
    if context.json {
      let printer = context.printer()
      for (partition, written) in written.enumerated() where written.recordCount > 0 {
        printer.add(row(partition, written))
      }
      printer.add(
        ReportRow(
          .summary,
          [
            .init("topic", .text(options.topic)),
            .init("recordCount", .count(total)),
            .init("batchCount", .count(written.reduce(0) { $0 + $1.batchCount })),
            .init("inputByteCount", .count(inputByteCount)),
            .init("sentByteCount", .count(written.reduce(0) { $0 + $1.byteCount })),
            .init("milliseconds", .integer(milliseconds)),
            .init("isIdempotent", .boolean(producer.identity != nil)),
          ]))
      return try printer.finish()
    }
    let rate = Int(Double(total) / seconds)
    let verb = options.producer.acks == 0 ? "sent" : "written"
    context.output.note(
      "\(total) \(total == 1 ? "record" : "records") \(verb) to \(options.topic) "
        + "(\(inputByteCount) bytes) in \(milliseconds) ms: \(rate) records/s")
  }

  private func row(_ partition: Int, _ written: Producer.Written) -> ReportRow {
    ReportRow(
      .partition,
      [
        .init("topic", .text(options.topic)),
        .init("partition", .count(partition)),
        .init("recordCount", .count(written.recordCount)),
        .init("firstOffset", .offset(written.firstOffset)),
        .init("nextOffset", .offset(written.nextOffset)),
      ])
  }
}
