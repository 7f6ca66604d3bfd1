/// Reads a pattern of RE2's syntax into a tree.
struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var isIgnoringCase = false

  static let digit = CharacterClass([0x30...0x39])
  static let word = CharacterClass([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let space = CharacterClass([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
  }

  mutating func parse() throws(TopicPatternError) -> PatternTree {
    let tree = try alternatives()
    guard position == scalars.count else { throw TopicPatternError("it has a ) too many") }
    return tree
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  /// Moves past `text` if it comes next.
  private mutating func skip(_ text: String) -> Bool {
    let wanted = text.unicodeScalars
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func take() throws(TopicPatternError) -> Unicode.Scalar {
    guard let scalar = next else { throw TopicPatternError("it ends too early") }
    position += 1
    return scalar
  }

  private mutating func alternatives() throws(TopicPatternError) -> PatternTree {
    // Flags that a group sets end with it.
    let wasIgnoringCase = isIgnoringCase
    defer { isIgnoringCase = wasIgnoringCase }
    var parts = [try sequence()]
    while skip("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .alternatives(parts)
  }

  private mutating func sequence() throws(TopicPatternError) -> PatternTree {
    var parts: [PatternTree] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if skip("\\Q") {
        while next != nil && !skip("\\E") { parts.append(literal(try take())) }
        continue
      }
      parts.append(try repeated(try atom()))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(_ atom: PatternTree) throws(TopicPatternError) -> PatternTree {
    var tree = atom
    var isRepeated = false
    while let bounds = try repetition() {
      guard !isRepeated else { throw TopicPatternError("a repetition is repeated") }
      isRepeated = true
      tree = .repetition(tree, from: bounds.from, upTo: bounds.upTo)
      // Whether few or many are tried first makes no difference to whether all matches.
      _ = skip("?")
    }
    return tree
  }

  private mutating func repetition() throws(TopicPatternError) -> (from: Int, upTo: Int?)? {
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    if skip("?") { return (0, 1) }
    guard next == "{" else { return nil }
    let start = position
    position += 1
    let from = number()
    var upTo = from
    if skip(",") { upTo = next == "}" ? nil : number() ?? -1 }
    guard let from, skip("}"), upTo != -1 else {
      // Braces that hold no counts stand for themselves.
      position = start
      return nil
    }
    guard from <= Limits.patternRepeats, (upTo ?? from) <= Limits.patternRepeats,
      from <= (upTo ?? from)
    else { throw TopicPatternError("a repetition's counts are out of range") }
    return (from, upTo)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = next, Self.digit.contains(scalar.value), (value ?? 0) < 100_000 {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(TopicPatternError) -> PatternTree {
    let scalar = try take()
    switch scalar {
    case "(": return try group()
    case "[": return .character(cased(try bracket()))
    case ".": return .character(.any)
    case "^": return .assert(.start)
    case "$": return .assert(.end)
    case "\\": return try escape()
    case "*", "+", "?": throw TopicPatternError("nothing stands before \(scalar)")
    case "{":
      // A count in front of which nothing stands.
      position -= 1
      guard try repetition() == nil else { throw TopicPatternError("nothing stands before {") }
      position += 1
      return literal(scalar)
    default: return literal(scalar)
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> PatternTree {
    .character(cased(CharacterClass([scalar.value...scalar.value])))
  }

  private func cased(_ set: CharacterClass) -> CharacterClass {
    isIgnoringCase ? set.ignoringCase : set
  }

  // MARK: Groups

  private mutating func group() throws(TopicPatternError) -> PatternTree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Limits.patternDepth else { throw TopicPatternError("it is nested too deep") }
    let wasIgnoringCase = isIgnoringCase
    if skip("?") {
      if skip("P<") || skip("<") {
        try groupName()
      } else if try flags() {
        // The flags are for what follows in the group around.
        return .empty
      }
    }
    let tree = try alternatives()
    guard skip(")") else { throw TopicPatternError("a ) is missing") }
    isIgnoringCase = wasIgnoringCase
    return tree
  }

  private mutating func groupName() throws(TopicPatternError) {
    let start = position
    while let scalar = next, Self.word.contains(scalar.value) { position += 1 }
    guard position > start, skip(">") else {
      throw TopicPatternError("a group's name is malformed")
    }
  }

  /// Reads the flags of a group; returns whether they are all there is in it.
  private mutating func flags() throws(TopicPatternError) -> Bool {
    var isClearing = false
    while true {
      switch try take() {
      case "i": isIgnoringCase = !isClearing
      // Names have no line ends, and greed decides nothing.
      case "m", "s", "U": break
      case "-" where !isClearing: isClearing = true
      case ":": return false
      case ")": return true
      default: throw TopicPatternError("a group starts with (? and something unknown")
      }
    }
  }

  // MARK: Escapes

  private mutating func escape() throws(TopicPatternError) -> PatternTree {
    let scalar = try take()
    switch scalar {
    case "A": return .assert(.start)
    case "z": return .assert(.end)
    case "b": return .assert(.wordBoundary)
    case "B": return .assert(.noWordBoundary)
    default:
      position -= 1
      return .character(cased(try escapedClass()))
    }
  }

  /// Reads what follows a backslash, in brackets or not.
  private mutating func escapedClass() throws(TopicPatternError) -> CharacterClass {
    let scalar = try take()
    switch scalar {
    case "d": return Self.digit
    case "D": return Self.digit.negated
    case "w": return Self.word
    case "W": return Self.word.negated
    case "s": return Self.space
    case "S": return Self.space.negated
    case "t": return single(0x09)
    case "n": return single(0x0A)
    case "v": return single(0x0B)
    case "f": return single(0x0C)
    case "r": return single(0x0D)
    case "a": return single(0x07)
    case "x": return single(try hexadecimal())
    default:
      // Letters and digits that have no meaning may get one; RE2 refuses them too.
      guard scalar.isASCII, !Self.word.contains(scalar.value) || scalar == "_" else {
        throw TopicPatternError("\\\(scalar) is not understood")
      }
      return single(scalar.value)
    }
  }

  private func single(_ value: UInt32) -> CharacterClass { CharacterClass([value...value]) }

  private mutating func hexadecimal() throws(TopicPatternError) -> UInt32 {
    let isBraced = skip("{")
    var digits = ""
    while digits.count < (isBraced ? 6 : 2), let scalar = next,
      Character(scalar).isHexDigit
    {
      digits.unicodeScalars.append(scalar)
      position += 1
    }
    guard let value = UInt32(digits, radix: 16), isBraced ? skip("}") : digits.count == 2 else {
      throw TopicPatternError("\\x is malformed")
    }
    return value
  }

  // MARK: Brackets

  private mutating func bracket() throws(TopicPatternError) -> CharacterClass {
    let isNegated = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    var isFirst = true
    while isFirst || next != "]" {
      isFirst = false
      if skip("[:") {
        ranges += try namedClass().spelledOut
        continue
      }
      let (low, set) = try bracketItem()
      guard let low else {
        ranges += set.spelledOut
        continue
      }
      let isRange =
        next == "-" && position + 1 < scalars.count && scalars[position + 1] != "]"
      guard isRange else {
        ranges.append(low...low)
        continue
      }
      position += 1
      let (high, _) = try bracketItem()
      guard let high, high >= low else {
        throw TopicPatternError("a range of characters is the wrong way round")
      }
      ranges.append(low...high)
    }
    position += 1
    let set = CharacterClass(ranges)
    return isNegated ? (isIgnoringCase ? set.ignoringCase : set).negated : set
  }

  /// Reads one character of a bracket, or a class that is no single one.
  private mutating func bracketItem() throws(TopicPatternError) -> (UInt32?, CharacterClass) {
    let scalar = try take()
    guard scalar == "\\" else { return (scalar.value, single(scalar.value)) }
    let set = try escapedClass()
    let ranges = set.spelledOut
    if ranges.count == 1, let range = ranges.first, range.count == 1 {
      return (range.lowerBound, set)
    }
    return (nil, set)
  }

  private mutating func namedClass() throws(TopicPatternError) -> CharacterClass {
    let isNegated = skip("^")
    for (name, ranges) in Self.namedClasses where skip("\(name):]") {
      let set = CharacterClass(ranges)
      return isNegated ? set.negated : set
    }
    throw TopicPatternError("a class of characters has an unknown name")
  }

  private static let namedClasses: [(String, [ClosedRange<UInt32>])] = [
    ("alnum", [0x30...0x39, 0x41...0x5A, 0x61...0x7A]), ("alpha", [0x41...0x5A, 0x61...0x7A]),
    ("ascii", [0x00...0x7F]), ("blank", [0x09...0x09, 0x20...0x20]),
    ("cntrl", [0x00...0x1F, 0x7F...0x7F]), ("digit", [0x30...0x39]), ("graph", [0x21...0x7E]),
    ("lower", [0x61...0x7A]), ("print", [0x20...0x7E]),
    ("punct", [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
    ("space", [0x09...0x0D, 0x20...0x20]), ("upper", [0x41...0x5A]),
    ("word", [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]),
    ("xdigit", [0x30...0x39, 0x41...0x46, 0x61...0x66]),
  ]
}
