/// `NAME=VALUE`, as headers and settings are given.
package struct Assignment: Equatable, Sendable {
  package let name: String
  package let value: String

  package init(_ text: String) throws(ArgumentFailure) {
    guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
      throw ArgumentFailure("\"\(text)\" is not NAME=VALUE")
    }
    name = String(text[..<sign])
    value = String(text[text.index(after: sign)...])
  }
}
