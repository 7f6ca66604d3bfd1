import Foundation
import MoldauLog
import Testing

struct EmbeddingExample {
  /// The README's lines, indented; `isShown` below compares them.
  private func run(in folder: String) async throws -> [String] {
    var printed: [String] = []
    func print(_ item: Any) { printed.append("\(item)") }
    // README begins
    let store = try await LogStore.open(at: folder)
    let orders = try await store.topic("orders", .init(retention: [.age(.seconds(7 * 86_400))]))
    let offset = try await orders.append(Record(key: "o-42", value: "paid"))
    for try await record in orders.read(from: .offset(offset)) { print(record.valueText ?? "") }
    let billing = try await store.consumer(group: "billing", topic: "orders")
    if let batch = try await billing.nextBatch() { try await billing.commit(batch) }
    print("recovery: \(store.recovery), lag: \(try billing.lag())")
    try await store.close()
    // README ends
    return printed
  }

  @Test("the README's lines do what they say")
  func works() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer {
      do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) }
    }
    let printed = try await run(in: folder.path)
    #expect(printed.first == "paid")
    #expect(printed.last?.hasSuffix("lag: 0") == true)
  }

  @Test("the README shows the lines that are tested")
  func isShown() throws {
    let lines = try House.file("Tests/HouseTests/EmbeddingExample.swift").lines
    let begin = try #require(lines.firstIndex { $0.hasSuffix("// README begins") })
    let end = try #require(lines.firstIndex { $0.hasSuffix("// README ends") })
    let tested = lines[(begin + 1)..<end].map { line in
      String(line.dropFirst(4)).replacing("at: folder", with: "at: \"events\"")
    }
    let readme = try House.file("README.md").lines
    let fence = try #require(readme.firstIndex(of: "```swift"))
    let shown = readme[(fence + 1)...].prefix { $0 != "```" }
    #expect(Array(shown) == tested)
  }
}
