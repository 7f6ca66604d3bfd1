import Foundation
import MoldauTesting
import Testing

struct TestingExample {
  /// The page's lines, indented; `isShown` below compares them.
  @Test("the page's lines do what they say")
  func works() async throws {
    // page begins
    try await withBroker { broker in
      let orders = try await broker.createTopic("orders", partitions: 4)
      let service = try OrderService(bootstrapServers: broker.address)
      try await service.place(order: "o-42")
      var placed = orders.tail(from: .earliest, partition: 0).makeAsyncIterator()
      #expect(try await placed.next()?.valueText == "o-42")
    }
    // page ends
  }

  /// Stands for the program that is tested.
  private struct OrderService {
    private let port: Int

    init(bootstrapServers: String) throws {
      port = try #require(Int(bootstrapServers.split(separator: ":")[1]))
    }

    func place(order: String) async throws {
      try await onOwnThread { [port] in try send(order, to: "orders", through: port) }
    }
  }

  @Test("the page shows the lines that are tested")
  func isShown() throws {
    let here = URL(filePath: #filePath)
    let root = here.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let lines = try Self.lines(of: here)
    let begin = try #require(lines.firstIndex { $0.hasSuffix("// page begins") })
    let end = try #require(lines.firstIndex { $0.hasSuffix("// page ends") })
    let tested = lines[(begin + 1)..<end].map { String($0.dropFirst(4)) }
    let page = try Self.lines(of: root.appending(path: "docs/testing.md"))
    let first = try #require(page.firstIndex(of: tested[0]))
    #expect(Array(page[first...].prefix(tested.count)) == tested)
  }

  private static func lines(of file: URL) throws -> [String] {
    String(decoding: try Data(contentsOf: file), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
