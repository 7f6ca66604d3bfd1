/// The match of a pattern against one name: all threads of the program side by side.
struct PatternRun {
  private let program: [PatternInstruction]
  private let scalars: [UInt32]
  /// Where threads are, each place once.
  private var current: [Int] = []
  /// By place: the position of the name at which a thread was last there.
  private var lastSeen: [Int]
  private var isMatched = false
  /// About how much work the match has been so far.
  private(set) var steps: Int

  /// Steps that beginning a match counts as, whatever the pattern.
  private static let startSteps = 20
  /// Places of the program that are prepared in the time of a step.
  private static let placesPerStep = 16

  init(program: [PatternInstruction], scalars: [UInt32]) {
    self.program = program
    self.scalars = scalars
    lastSeen = Array(repeating: -1, count: program.count)
    steps = Self.startSteps + program.count / Self.placesPerStep
  }

  mutating func matches() -> Bool {
    add(0, at: 0)
    for position in scalars.indices {
      let threads = current
      if threads.isEmpty { return false }
      current = []
      isMatched = false
      steps += threads.count
      for place in threads {
        if case .character(let set) = program[place], set.contains(scalars[position]) {
          add(place + 1, at: position + 1)
        }
      }
    }
    return isMatched
  }

  /// Adds a thread, and those that it becomes without reading a character.
  private mutating func add(_ start: Int, at position: Int) {
    var places = [start]
    while let place = places.popLast() {
      steps += 1
      guard lastSeen[place] != position else { continue }
      lastSeen[place] = position
      switch program[place] {
      case .character: current.append(place)
      case .jump(let next): places.append(next)
      case .split(let first, let second):
        places.append(second)
        places.append(first)
      case .assert(let assertion):
        if holds(assertion, at: position) { places.append(place + 1) }
      case .match: isMatched = true
      }
    }
  }

  private func holds(_ assertion: PatternAssertion, at position: Int) -> Bool {
    switch assertion {
    case .start: position == 0
    case .end: position == scalars.count
    case .wordBoundary: isWord(position - 1) != isWord(position)
    case .noWordBoundary: isWord(position - 1) == isWord(position)
    }
  }

  private func isWord(_ index: Int) -> Bool {
    scalars.indices.contains(index) && PatternParser.word.contains(scalars[index])
  }
}
