import MoldauFuzz
import MoldauProtocol
import Testing

/// The bounded part of fuzzing that every test run pays for; Tests/Fuzz/run does the rest.
///
/// A parser that traps ends the process: the target started last is the culprit, and the seeds
/// are fixed, so that the next run ends in the same place.
@Suite("Parsers take any bytes")
struct FuzzReplayTests {
  @Test("the corpus", arguments: FuzzTarget.all)
  func corpus(target: FuzzTarget) throws {
    for file in try Corpus.files(of: target) {
      target.run(file.bytes.rawSpan)
    }
  }

  @Test("mutations of the corpus", arguments: FuzzTarget.all)
  func mutations(target: FuzzTarget) throws {
    let inputs = try Corpus.files(of: target).map(\.bytes)
    var mutator = Mutator(seed: 1)
    for _ in 0..<(target.isSlow ? Corpus.mutationCount / 20 : Corpus.mutationCount) {
      target.run(mutator.mutation(of: inputs).rawSpan)
    }
  }

  @Test("truncations of the corpus", arguments: FuzzTarget.all)
  func truncations(target: FuzzTarget) throws {
    for file in try Corpus.files(of: target) where file.bytes.count < 400 {
      for count in stride(from: 0, to: file.bytes.count, by: target.isSlow ? 20 : 1) {
        target.run(Array(file.bytes.prefix(count)).rawSpan)
      }
    }
  }

  @Test("each target has a corpus and each corpus a target")
  func complete() throws {
    #expect(try Corpus.names() == FuzzTarget.all.map(\.name).sorted())
    for target in FuzzTarget.all {
      #expect(try !Corpus.files(of: target).isEmpty, "\(target)")
    }
  }

  @Test("each API is fuzzed")
  func everyAPI() {
    let fuzzed = FuzzTarget.requestTypes.map { $0.apiKey.rawValue }.sorted()
    #expect(fuzzed == (SupportedApi.all + SupportedApi.peers).map(\.key.rawValue).sorted())
  }
}
