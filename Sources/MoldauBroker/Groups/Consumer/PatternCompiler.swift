/// What a pattern says, as a tree.
indirect enum PatternTree {
  case empty
  case character(CharacterClass)
  case assert(PatternAssertion)
  case sequence([PatternTree])
  case alternatives([PatternTree])
  /// `upTo` nil: without end.
  case repetition(PatternTree, from: Int, upTo: Int?)
}

/// Makes the program of a pattern's tree.
struct PatternCompiler {
  private var program: [PatternInstruction] = []

  static func compile(_ tree: PatternTree) throws(TopicPatternError) -> [PatternInstruction] {
    var compiler = PatternCompiler()
    try compiler.emit(tree)
    try compiler.append(.match)
    return compiler.program
  }

  private mutating func append(_ instruction: PatternInstruction) throws(TopicPatternError) {
    guard program.count < Limits.patternInstructions else {
      throw TopicPatternError("it is too large")
    }
    program.append(instruction)
  }

  private mutating func emit(_ tree: PatternTree) throws(TopicPatternError) {
    switch tree {
    case .empty: break
    case .character(let set): try append(.character(set))
    case .assert(let assertion): try append(.assert(assertion))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .alternatives(let parts): try emit(alternatives: parts)
    case .repetition(let part, let from, let upTo): try emit(part, from: from, upTo: upTo)
    }
  }

  private mutating func emit(alternatives parts: [PatternTree]) throws(TopicPatternError) {
    var jumps: [Int] = []
    for (index, part) in parts.enumerated() {
      guard index < parts.count - 1 else {
        try emit(part)
        break
      }
      let split = program.count
      try append(.split(0, 0))
      try emit(part)
      jumps.append(program.count)
      try append(.jump(0))
      program[split] = .split(split + 1, program.count)
    }
    for jump in jumps { program[jump] = .jump(program.count) }
  }

  private mutating func emit(
    _ part: PatternTree, from: Int, upTo: Int?
  ) throws(TopicPatternError) {
    for _ in 0..<from {
      let start = program.count
      try emit(part)
      // Nothing, however often: nested, such repetitions would be counted through without end.
      if program.count == start { break }
    }
    guard let upTo else {
      let split = program.count
      try append(.split(0, 0))
      try emit(part)
      try append(.jump(split))
      program[split] = .split(split + 1, program.count)
      return
    }
    var splits: [Int] = []
    for _ in from..<upTo {
      splits.append(program.count)
      try append(.split(0, 0))
      try emit(part)
    }
    for split in splits { program[split] = .split(split + 1, program.count) }
  }
}
