import Testing

@testable import MoldauBroker

extension TopicPattern {
  fileprivate func matches(_ name: String) -> Bool {
    var steps = Int.max
    return matches(name, takingOff: &steps)
  }
}

@Suite("Patterns of topics")
struct TopicPatternTests {
  @Test(
    "all of a name must match",
    arguments: [
      ("orders", ["orders"], ["order", "orders-1", "my-orders", ""]),
      ("", [""], ["a"]),
      ("orders.*", ["orders", "orders-1"], ["xorders"]),
      ("^orders-[0-9]+$", ["orders-1", "orders-42"], ["orders-", "orders-x"]),
      ("(a|b)c?", ["a", "b", "ac", "bc"], ["c", "ab", "acc"]),
      ("^a$|^b$", ["a", "b"], ["ab"]),
      ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
      ("a{2}", ["aa"], ["a", "aaa"]),
      ("a{2,}b", ["aab", "aaaaab"], ["ab"]),
      ("a{x}", ["a{x}"], ["a"]),
      ("a{,2}", ["a{,2}"], ["aa"]),
      ("[^a-c]x", ["dx", "_x"], ["ax", "x"]),
      ("[]a]+", ["]a", "a"], ["b"]),
      ("[a-]+", ["a-a"], ["b"]),
      ("[\\d_]+", ["12_3"], ["a"]),
      ("[[:alpha:]]+[[:^digit:]]", ["ab-"], ["ab1"]),
      ("\\w+\\.\\w+", ["a_1.b2"], ["a-b"]),
      ("\\Qa.b\\E.", ["a.bc"], ["axbc"]),
      ("\\x61\\x{62}", ["ab"], ["a"]),
      ("(?i)ABC", ["abc", "aBc"], ["abd"]),
      ("(?i:a)b", ["Ab", "ab"], ["aB"]),
      ("((?i)a|b)c", ["Ac", "Bc", "bc"], ["BC"]),
      ("(?i)[^a]", ["b", "B"], ["a", "A"]),
      ("(?:ab)+", ["ab", "abab"], ["aba"]),
      ("(?P<x>a)(?<y>b)", ["ab"], ["a"]),
      ("a*?b+?c??", ["b", "aabbc"], ["a"]),
      ("(a*)*b", ["b", "aaab"], ["aaa"]),
      (".*\\bx\\b.*", ["a-x-b", "x"], ["axb"]),
      ("(|a)b", ["b", "ab"], ["a"]),
      ("\\Aab\\z", ["ab"], ["abc"]),
      ("\\S\\D\\W", ["ab-"], ["a1-", "abb"]),
    ] as [(String, [String], [String])])
  func matching(pattern: String, yes: [String], no: [String]) throws {
    let compiled = try TopicPattern(pattern)
    for name in yes { #expect(compiled.matches(name), "\(pattern) matches \(name)") }
    for name in no { #expect(!compiled.matches(name), "\(pattern) does not match \(name)") }
  }

  @Test(
    "what RE2 refuses, and what is not understood, is refused",
    arguments: [
      "(", ")", "a)", "(a", "[a", "[z-a]", "*a", "+", "?", "a**", "a{3,2}", "a{1001}", "(?=a)",
      "(?!a)", "(?<=a)b", "(a)\\1", "\\", "\\q", "\\pL", "\\x6", "[[:none:]]", "(?P<>a)", "(?x)a",
      "(?", "a|*", "{2}a", "((a{100}){100}){100}", String(repeating: "(", count: 200),
    ])
  func refused(pattern: String) {
    #expect(throws: TopicPatternError.self) { try TopicPattern(pattern) }
  }

  @Test("nothing, repeated and repeated again, is nothing")
  func repeatedNothing() throws {
    for nothing in ["()", "((?i))", "(a{0})", "(\\Q\\E)"] {
      var text = nothing
      for _ in 0..<20 { text = "(\(text){1000})" }
      let pattern = try TopicPattern("a" + text + "b")
      #expect(pattern.matches("ab"))
      #expect(!pattern.matches("aab"))
    }
  }

  @Test("a pattern that makes backtracking matchers hang takes no longer than others")
  func noBacktracking() throws {
    let name = String(repeating: "a", count: 248) + "b"
    #expect(try !TopicPattern("(a|aa)*(a+)+c").matches(name))
    #expect(try TopicPattern("(a?){200}a{48}b|(a|aa)+b").matches(name))
  }

  @Test("a class of many ranges has the characters of all of them, and its opposite the others")
  func manyRanges() throws {
    let letters = stride(from: UInt8(ascii: "a"), to: UInt8(ascii: "z"), by: 2)
      .map { String(UnicodeScalar($0)) }
    let text = (letters.reversed() + ["0-5", "3-7", "2"]).joined()
    let inside = try TopicPattern("[\(text)]")
    let outside = try TopicPattern("[^\(text)]")
    for scalar in UInt8(ascii: "0")...UInt8(ascii: "z") {
      let name = String(UnicodeScalar(scalar))
      let isInside = letters.contains(name) || ("0"..."7").contains(name)
      #expect(inside.matches(name) == isInside)
      #expect(outside.matches(name) == !isInside)
    }
  }
}
