/// A regular expression over topic names, in a subset of RE2's syntax; all of a name must match.
///
/// Runs all alternatives at once over the name (Thompson's construction), so a match takes
/// O(program · name) steps whatever the pattern: there is no backtracking. The program is bounded.
/// What is understood: docs/decisions/consumer-groups.md.
struct TopicPattern: Sendable {
  let text: String
  private let program: [PatternInstruction]

  /// Reads a pattern.
  init(_ text: String) throws(TopicPatternError) {
    guard text.utf8.count <= Limits.patternByteCount else {
      throw TopicPatternError("it is longer than \(Limits.patternByteCount) bytes")
    }
    var parser = PatternParser(text)
    let tree = try parser.parse()
    self.text = text
    program = try PatternCompiler.compile(tree)
  }

  /// Whether all of `name` matches.
  ///
  /// - Parameter steps: the work that this was is taken off; it may fall below zero.
  func matches(_ name: String, takingOff steps: inout Int) -> Bool {
    let scalars = name.unicodeScalars.map(\.value)
    var run = PatternRun(program: program, scalars: scalars)
    defer { steps -= run.steps }
    return run.matches()
  }
}

/// Why a pattern is not understood.
struct TopicPatternError: Error, Equatable {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

/// A step of a compiled pattern.
enum PatternInstruction: Sendable, Equatable {
  case character(CharacterClass)
  /// Goes on at both places.
  case split(Int, Int)
  case jump(Int)
  case assert(PatternAssertion)
  case match
}

/// What holds at a place between characters.
enum PatternAssertion: Sendable, Equatable {
  case start
  case end
  case wordBoundary
  case noWordBoundary
}

/// A set of characters, as ranges.
struct CharacterClass: Sendable, Equatable {
  /// In order, with gaps between them.
  private var ranges: [ClosedRange<UInt32>]
  private var isNegated = false

  init(_ ranges: [ClosedRange<UInt32>]) {
    self.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard let last = self.ranges.last, last.upperBound >= range.lowerBound else {
        self.ranges.append(range)
        continue
      }
      let end = max(last.upperBound, range.upperBound)
      self.ranges[self.ranges.count - 1] = last.lowerBound...end
    }
  }

  /// Every character.
  static let any = CharacterClass([0...UInt32.max])

  /// - Complexity: O(log ranges).
  func contains(_ scalar: UInt32) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    return (low < ranges.count && ranges[low].contains(scalar)) != isNegated
  }

  /// All that this has not.
  var negated: CharacterClass {
    var other = self
    other.isNegated.toggle()
    return other
  }

  /// The ranges, spelled out also when negated.
  var spelledOut: [ClosedRange<UInt32>] {
    guard isNegated else { return ranges }
    var rest: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { rest.append(next...(range.lowerBound - 1)) }
      if range.upperBound == .max { return rest }
      next = max(next, range.upperBound + 1)
    }
    return rest + [next...UInt32.max]
  }

  /// With the other case of each ASCII letter too.
  var ignoringCase: CharacterClass {
    var all = spelledOut
    for range in all {
      let upper = range.clamped(to: 0x41...0x5A)
      if range.overlaps(0x41...0x5A) {
        all.append((upper.lowerBound + 32)...(upper.upperBound + 32))
      }
      let lower = range.clamped(to: 0x61...0x7A)
      if range.overlaps(0x61...0x7A) {
        all.append((lower.lowerBound - 32)...(lower.upperBound - 32))
      }
    }
    return CharacterClass(all)
  }
}
