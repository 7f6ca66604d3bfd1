import Testing

/// docs/architecture.md: arrows point down only.
struct LayeringTests {
  /// What each target may import, beside the system's and the standard library's modules.
  static let allowed: [(target: String, imports: Set<String>)] = [
    ("MoldauFormat", ["CMoldau"]),
    ("MoldauDisk", ["MoldauFormat", "CMoldau"]),
    (
      "MoldauCompression",
      ["MoldauFormat", "CMoldauLZ4", "CMoldauZstd", "CMoldauSnappy", "CMoldauZlib"]
    ),
    (
      "MoldauLog",
      ["MoldauCompression", "MoldauDisk", "MoldauFormat", "CMoldau", "Logging", "CoreMetrics"]
    ),
    ("MoldauReport", ["MoldauFormat"]),
    ("MoldauInspect", ["MoldauReport", "MoldauLog", "MoldauDisk", "MoldauFormat"]),
    ("MoldauProtocol", ["MoldauFormat"]),
    ("MoldauClient", ["MoldauProtocol", "MoldauCompression", "MoldauFormat"]),
    ("MoldauCommands", ["MoldauClient", "MoldauReport", "MoldauProtocol", "MoldauFormat"]),
    ("MoldauEnsemble", ["MoldauLog", "MoldauDisk"]),
    ("MoldauCoordination", ["MoldauLog", "MoldauDisk", "MoldauFormat", "Logging"]),
    ("MoldauZooKeeper", ["MoldauCoordination", "MoldauLog", "CMoldauZooKeeper", "Logging"]),
    (
      "MoldauCluster",
      [
        "MoldauCoordination", "MoldauProtocol", "MoldauLog", "MoldauFormat", "Logging",
        "FoundationEssentials",
      ]
    ),
    (
      "MoldauBroker",
      [
        "MoldauCluster", "MoldauCoordination", "MoldauProtocol", "MoldauLog", "MoldauCompression",
        "MoldauDisk", "MoldauFormat", "Logging",
        "Metrics",
      ]
    ),
    (
      "MoldauServer",
      [
        "MoldauBroker", "MoldauCluster", "MoldauCoordination", "MoldauProtocol", "MoldauLog",
        "MoldauDisk", "MoldauFormat", "Logging", "CoreMetrics", "NIOCore", "NIOPosix", "NIOHTTP1",
      ]
    ),
    (
      "MoldauSettings",
      ["MoldauServer", "MoldauBroker", "MoldauLog", "MoldauDisk", "Logging", "Yams"]
    ),
    (
      "MoldauTesting",
      [
        "MoldauServer", "MoldauBroker", "MoldauCluster", "MoldauCoordination", "MoldauLog",
        "MoldauDisk", "Logging",
      ]
    ),
  ]

  static let system: Set<String> = ["Glibc", "Musl", "Darwin", "Synchronization"]

  @Test("a target imports what stands below it and nothing else", arguments: allowed)
  func imports(target: String, allowed: Set<String>) throws {
    let allowed = allowed.union(Self.system)
    let offences = try House.swiftFiles(in: "Sources/\(target)").flatMap { file in
      file.offences { line in importedModule(line).map { !allowed.contains($0) } ?? false }
    }
    #expect(offences == [])
  }

  @Test("every library target has a row above")
  func rowsAreComplete() throws {
    let targets = Set(try House.swiftFiles(in: "Sources").map(\.target))
    #expect(targets.subtracting(Self.allowed.map(\.target)) == ["moldau"])
  }

  @Test("only MoldauServer imports NIOPosix")
  func sockets() throws {
    let offences = try House.swiftFiles(in: "Sources", "Benchmarks")
      .filter { $0.target != "MoldauServer" }
      .flatMap { $0.offences { importedModule($0) == "NIOPosix" } }
    #expect(offences == [])
  }

  @Test("only MoldauDisk calls the file system")
  func fileSystemCalls() throws {
    let call =
      /\b(pread|pwrite|pwritev|fdatasync|fsync|syncfs|ftruncate|fallocate|mmap|unlink|fopen)\(/
    let offences = try House.swiftFiles(in: "Sources")
      .filter { !["MoldauDisk", "moldau"].contains($0.target) }
      .flatMap { $0.offences { !isComment($0) && $0.contains(call) } }
    #expect(offences == [])
  }

  private func isComment(_ line: String) -> Bool {
    line.drop { $0 == " " }.hasPrefix("//")
  }

  /// The module that a line imports, if it is an import.
  private func importedModule(_ line: String) -> String? {
    var words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
    if let access = words.first, ["public", "package", "internal", "private"].contains(access) {
      words.removeFirst()
    }
    guard words.first == "import" else { return nil }
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var"]
    return words.dropFirst().first { !kinds.contains($0) }
      .map { String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }
  }
}
