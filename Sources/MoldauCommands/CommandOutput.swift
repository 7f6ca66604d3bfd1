package import MoldauClient

/// Nobody reads the output any more: the command ends, quietly.
package struct OutputClosed: Error, Equatable {
  package init() {}
}

/// Where the results of a command go, and what it says beside them.
package protocol CommandOutput: AnyObject {
  /// Writes results, all of them; waits where the reader does.
  func write(_ bytes: [UInt8]) throws

  /// Tells a person something that is no result.
  func note(_ text: String)
}

/// What a command works with.
package struct CommandContext {
  package let cluster: Cluster
  package let output: any CommandOutput
  /// Whether results are JSON, an object a line.
  package let json: Bool
  package let clock: CommandClock

  package init(cluster: Cluster, output: any CommandOutput, json: Bool, clock: CommandClock) {
    self.cluster = cluster
    self.output = output
    self.json = json
    self.clock = clock
  }

  package func printer() -> RowPrinter { RowPrinter(output, json: json) }
}

/// The times a command asks for, handed in so that a test can set them.
package struct CommandClock: Sendable {
  /// Milliseconds since 1970.
  package let wallMilliseconds: @Sendable () -> Int64
  /// Milliseconds that never go back.
  package let steadyMilliseconds: @Sendable () -> Int64

  package init(
    wallMilliseconds: @escaping @Sendable () -> Int64,
    steadyMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.wallMilliseconds = wallMilliseconds
    self.steadyMilliseconds = steadyMilliseconds
  }
}
