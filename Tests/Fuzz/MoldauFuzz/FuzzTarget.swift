import MoldauFormat

/// A parser of bytes that someone else wrote, fed with any bytes at all.
///
/// `run` must return for every input: it traps when the parser does, and when what the parser
/// accepted breaks a law. libFuzzer drives it from `Driver`, the ordinary tests from
/// `MoldauFuzzTests`; both start from `Corpus/<name>`.
package struct FuzzTarget: Sendable, CustomStringConvertible {
  package let name: String
  /// Whether a run takes a hundred times what a parser's takes: it makes a store.
  package let isSlow: Bool
  package let run: @Sendable (RawSpan) -> Void

  package var description: String { name }

  init(_ name: String, isSlow: Bool = false, _ run: @escaping @Sendable (RawSpan) -> Void) {
    self.name = name
    self.isSlow = isSlow
    self.run = run
  }

  /// Every target, each under a name of its own.
  package static let all: [FuzzTarget] =
    batchTargets + segmentFileTargets + directoryFileTargets + groupTargets
    + compressionTargets + protocolTargets + storeTargets + brokerTargets

  /// Returns the target called `name`.
  package static func named(_ name: String) -> FuzzTarget? {
    all.first { $0.name == name }
  }
}
