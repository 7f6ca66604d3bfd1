import ArgumentParser
import MoldauClient
import MoldauCommands
import MoldauFormat

/// `moldau produce`
struct ProduceCommand: ParsableCommand {
  enum Codec: String, ExpressibleByArgument, CaseIterable {
    case none, gzip, snappy, lz4, zstd

    var codec: CompressionCodec {
      switch self {
      case .none: .none
      case .gzip: .gzip
      case .snappy: .snappy
      case .lz4: .lz4
      case .zstd: .zstd
      }
    }
  }

  enum Acks: String, ExpressibleByArgument, CaseIterable {
    case none = "0"
    case leader = "1"
    case all
  }

  static let configuration = CommandConfiguration(
    commandName: "produce",
    abstract: "Write records to a topic, a line each.",
    discussion: """
      Reads the standard input, or --file. A line is a record's value; with --key-separator, key \
      and value. With --json a line is an object with key, value, headers, partition and \
      timestampMilliseconds, as `moldau consume --json` prints it. \\n, \\t, \\0 and \\xHH may be \
      used in separators. How much was written, and how fast, is told at the end, on the \
      standard error; with --json on the standard output, as JSON.

      Where the broker offers it and acks is all, the producer is idempotent: what has to be sent \
      again is not written twice.
      """)

  @Argument(help: "The topic.", completion: .custom(topicNames))
  var topic: String

  @Option(name: [.long, .customShort("f")], help: "Read this file.", completion: .file())
  var file: String?

  @Option(name: [.long, .customShort("k")], help: "The key of records that have none.")
  var key: String?

  @Option(help: "What stands between key and value.", transform: parseDelimiter)
  var keySeparator: [UInt8]?

  @Option(help: "What ends a record (default: a new line).", transform: parseDelimiter)
  var delimiter: [UInt8] = [0x0A]

  @Option(
    help: ArgumentHelp("A key or value that is this text is null.", valueName: "text"),
    transform: parseEscaped)
  var null: [UInt8]?

  @Option(
    name: [.long, .customShort("H")],
    help: ArgumentHelp(
      "A header of every record; may be given several times.", valueName: "name=value"),
    transform: parseHeader)
  var header: [RecordHeader] = []

  @Option(
    name: [.long, .customShort("p")],
    help: "The partition (default: by the key's hash; without a key, one after the other).")
  var partition: Int32?

  @Option(
    help: ArgumentHelp(
      "The records' time, as in \(TimeText.examples) (default: now).", valueName: "time"),
    transform: parseTime)
  var timestamp: Int64?

  @Option(help: "How batches are compressed.")
  var codec = Codec.none

  @Option(
    help: "What is waited for: nothing (0), the leader (1), or what the topic asks for (all).")
  var acks = Acks.all

  @Flag(inversion: .prefixedNo, help: "Write nothing twice (default: where the broker can).")
  var idempotence: Bool?

  @Option(help: "A batch is sent when its records have this many bytes, or no more come at once.")
  var batchBytes = 256 << 10

  @Flag(inversion: .prefixedNo, help: "Let the broker create the topic when it is missing.")
  var autoCreate = true

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if let partition, partition < 0 { throw ValidationError("--partition: at least 0") }
    guard (1...(64 << 20)).contains(batchBytes) else {
      throw ValidationError("--batch-bytes: \(batchBytes) is outside 1 to \(64 << 20)")
    }
    if idempotence == true, acks != .all {
      throw ValidationError("--idempotence needs --acks all")
    }
    if client.json, keySeparator != nil {
      throw ValidationError("--key-separator: JSON names the key")
    }
  }

  func run() throws {
    let input = try FileInput(file)
    let stop = StopFlag()
    let bar = ProgressBar(title: "writing")
    try client.run { context in
      let total = input.byteCount
      (context.output as? StandardOutput)?.progress = bar
      var run = ProduceRun(
        context, options, shouldStop: { stop.isSet }, onProgress: { bar.show($0, of: total) })
      defer { bar.finish() }
      try run.run(input)
    }
  }

  private var options: ProduceRun.Options {
    var options = ProduceRun.Options(topic: topic)
    options.partition = partition
    options.key = key.map { Array($0.utf8) }
    options.keySeparator = keySeparator
    options.delimiter = delimiter
    options.null = null
    options.headers = header
    options.timestampMilliseconds = timestamp
    options.readsJSON = client.json
    options.producer.codec = codec.codec
    options.producer.acks =
      switch acks {
      case .none: 0
      case .leader: 1
      case .all: -1
      }
    options.producer.isIdempotent = idempotence
    options.producer.batchByteCount = batchBytes
    options.producer.allowsAutoTopicCreation = autoCreate
    options.producer.firstPartition = Int.random(in: 0..<(1 << 16))
    return options
  }
}
