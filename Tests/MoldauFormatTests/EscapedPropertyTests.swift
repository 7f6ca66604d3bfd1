import Testing

@testable import MoldauFormat

@Suite("Keys and values of meta.properties")
struct EscapedPropertyTests {
  @Test(
    "blanks, separators and comment marks survive being written and read",
    arguments: [
      "a b", " a", "a ", "\ta", "a\t", "a \t ", "#a", "!a", "a=b", "a:b", "\\", " ", "a\nb\r",
      "\u{0C}", "u0041",
    ])
  func roundTrip(text: String) throws {
    let written = MetaProperties(
      clusterID: text, nodeID: 1, directoryID: nil, others: [.init(key: text, value: text)])
    // SAFETY: bytes have no padding, so all of the array's are initialised.
    let read = try unsafe MetaProperties(parsing: written.encode().span.bytes)
    #expect(read == written)
  }

  @Test("blanks around a separator belong to neither side")
  func trimmed() throws {
    let bytes = Array("version=1\nx \t = \t y \n".utf8)
    // SAFETY: bytes have no padding, so all of the array's are initialised.
    let read = try unsafe MetaProperties(parsing: bytes.span.bytes)
    #expect(read.others == [.init(key: "x", value: "y ")])
  }
}
