import Foundation
import Testing

@testable import MoldauSettings

struct ConfigurationPageTests {
  private func page() throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try Data(contentsOf: root.appending(path: "docs/configuration.md"))
    return String(decoding: data, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("docs/configuration.md has the table as it is: `moldau config list --markdown` prints it")
  func table() throws {
    let page = try page()
    let table = SettingsPage.table
    let first = try #require(page.firstIndex(of: table[0]))
    #expect(Array(page[first...].prefix { $0.hasPrefix("|") }) == table)
  }

  @Test("the file that the page shows is one that is read")
  func example() throws {
    let page = try page()
    let fence = try #require(page.firstIndex(of: "```yaml"))
    let text = page[(fence + 1)...].prefix { $0 != "```" }.joined(separator: "\n")
    let given = try SettingsFile.parse(text, path: "example")
    #expect(!given.isEmpty)
    _ = try EffectiveSettings(flags: [], environment: [:], file: given)
  }
}
