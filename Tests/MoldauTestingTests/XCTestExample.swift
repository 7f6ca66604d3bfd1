import MoldauTesting
import XCTest

/// As a program's own tests would be that use XCTest: one broker for all tests of a class.
final class XCTestExample: XCTestCase {
  private var broker: TestBroker?

  override func setUp() async throws {
    broker = try await TestBroker.start(.memory)
  }

  override func tearDown() async throws {
    try await broker?.stop()
  }

  func testARecordComesBack() async throws {
    let port = try XCTUnwrap(broker).port
    let values = try await onOwnThread { try roundTrip(["paid"], through: port) }
    XCTAssertEqual(values, ["paid"])
  }
}
