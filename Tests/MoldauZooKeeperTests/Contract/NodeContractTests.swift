import MoldauCoordination
import Testing

extension ContractTests {
  /// What all implementations do alike: nodes, versions, writes of several operations.
  struct Nodes {
    @Test("a node has the data it was given, and a version that counts", arguments: subjects)
    func versions(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        #expect(try await client.create("/a", "one") == "/a")
        let (text, first) = try await client.data("/a")
        #expect(text == "one")
        #expect(first.version == 0 && first.ephemeralOwner == 0 && first.childCount == 0)
        #expect(first.creationID == first.modificationID)
        let second = try await client.set("/a", "two", version: 0)
        #expect(second.version == 1)
        #expect(second.creationID == first.creationID)
        #expect(second.modificationID > first.modificationID)
        #expect(try await client.set("/a", "three").version == 2)
        #expect(try await client.data("/a").0 == "three")
        #expect(try await client.stat("/a")?.version == 2)
        client.session.close()
      }
    }

    @Test("a request that does not fit is refused, and says why", arguments: subjects)
    func refusals(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        try await client.create("/a")
        try await client.create("/a/b")
        try await client.create("/fleeting", "", .ephemeral)
        let cases: [(CoordinationOperation, CoordinationRefusal)] = [
          (.create(path: "/a", data: [], kind: .persistent), .nodeExists),
          (.create(path: "/x/y", data: [], kind: .persistent), .noNode),
          (.create(path: "/fleeting/x", data: [], kind: .persistent), .ephemeralParent),
          (.create(path: "a", data: [], kind: .persistent), .invalid),
          (.create(path: "/a//b", data: [], kind: .persistent), .invalid),
          (.create(path: "/a/", data: [], kind: .persistent), .invalid),
          (.create(path: "/a/../b", data: [], kind: .persistent), .invalid),
          (.create(path: "/a/\u{1}", data: [], kind: .persistent), .invalid),
          (.create(path: "", data: [], kind: .persistent), .invalid),
          (.set(path: "/x", data: [], version: nil), .noNode),
          (.set(path: "/a", data: [], version: 7), .badVersion),
          (.set(path: "/a", data: Array(repeating: 0, count: 1_100_000), version: nil), .tooLarge),
          (.delete(path: "/x", version: nil), .noNode),
          (.delete(path: "/a/b", version: 1), .badVersion),
          (.delete(path: "/a", version: nil), .notEmpty),
          (.delete(path: "/", version: nil), .invalid),
          (.check(path: "/x", version: 0), .noNode),
          (.check(path: "/a", version: 1), .badVersion),
        ]
        for (operation, refusal) in cases {
          #expect(
            await client.result(of: .write([operation]))
              == .failure(.refused(refusal, operation: 0)), "\(operation.path)")
        }
        let reads: [CoordinationRequest] = [
          .data(path: "/x", watches: false), .children(path: "/x", watches: true),
        ]
        for read in reads {
          #expect(await client.result(of: read) == .failure(.refused(.noNode, operation: 0)))
        }
        #expect(
          await client.result(of: .data(path: "x", watches: false))
            == .failure(.refused(.invalid, operation: 0)))
        #expect(try await client.stat("/x") == nil)
        client.session.close()
      }
    }

    @Test("children are listed by name, and counted", arguments: subjects)
    func children(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        #expect(try await client.children("/") == [])
        for name in ["/b", "/a", "/c", "/b/x"] { try await client.create(name) }
        #expect(try await client.children("/") == ["a", "b", "c"])
        #expect(try await client.children("/b") == ["x"])
        #expect(try await client.stat("/")?.childCount == 3)
        try await client.delete("/a")
        #expect(try await client.children("/") == ["b", "c"])
        #expect(try await client.stat("/b")?.childCount == 1)
        client.session.close()
      }
    }

    @Test(
      "sequential nodes are numbered by the children that their parent has had", arguments: subjects
    )
    func sequences(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        try await client.create("/q")
        #expect(try await client.create("/q/n-", "", .persistentSequential) == "/q/n-0000000000")
        #expect(try await client.create("/q/m-", "", .ephemeralSequential) == "/q/m-0000000001")
        try await client.create("/q/plain")
        try await client.delete("/q/n-0000000000")
        #expect(try await client.create("/q/n-", "", .persistentSequential) == "/q/n-0000000003")
        #expect(try await client.create("/q/", "", .persistentSequential) == "/q/0000000004")
        let results = try await client.write(
          .create(path: "/q/w", data: [], kind: .persistentSequential),
          .create(path: "/q/w", data: [], kind: .persistentSequential))
        #expect(results == [.created(path: "/q/w0000000005"), .created(path: "/q/w0000000006")])
        client.session.close()
      }
    }

    @Test("a write's operations see those before them and are one change", arguments: subjects)
    func oneChange(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        let results = try await client.write(
          .create(path: "/a", data: [1], kind: .persistent),
          .create(path: "/a/b", data: [2], kind: .ephemeral),
          .set(path: "/a", data: [3], version: 0),
          .check(path: "/a", version: 1),
          .delete(path: "/a/b", version: 0))
        guard results.count == 5, case .set(let stat) = results[2] else {
          Issue.record("\(results)")
          return
        }
        #expect(results[0] == .created(path: "/a") && results[1] == .created(path: "/a/b"))
        #expect(stat.version == 1 && stat.creationID == stat.modificationID)
        #expect(results[3] == .checked && results[4] == .deleted)
        #expect(try await client.children("/a") == [])
        #expect(try await client.write() == [])
        client.session.close()
      }
    }

    @Test("a write that fails anywhere has changed nothing, and says where", arguments: subjects)
    func allOrNone(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        try await client.create("/a", "one")
        try await client.create("/a/b")
        try await client.create("/a/c")
        let before = try await client.stat("/a")
        let result = await client.result(
          of: .write([
            .set(path: "/a", data: [1], version: 0),
            .create(path: "/a/d", data: [], kind: .persistentSequential),
            .delete(path: "/a/b", version: nil),
            .delete(path: "/a/c", version: nil),
            .check(path: "/a", version: 0),
            .create(path: "/e", data: [], kind: .persistent),
          ]))
        #expect(result == .failure(.refused(.badVersion, operation: 4)))
        #expect(try await client.stat("/a") == before)
        #expect(try await client.data("/a").0 == "one")
        #expect(try await client.children("/a") == ["b", "c"])
        #expect(try await client.stat("/e") == nil)
        // Nor are numbers used up.
        #expect(try await client.create("/a/d", "", .persistentSequential) == "/a/d0000000002")
        client.session.close()
      }
    }

    @Test("the largest write is taken, and read again", arguments: subjects)
    func largestWrite(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        let half = [UInt8](repeating: 7, count: 499_000)
        _ = try await client.write(
          .create(path: "/a", data: half, kind: .persistent),
          .create(path: "/b", data: half, kind: .persistent))
        let answer = try await client.result(of: .data(path: "/b", watches: false)).get()
        guard case .data(half, _) = answer else {
          Issue.record("other data")
          return
        }
        let tooMuch = CoordinationRequest.write([
          .set(path: "/a", data: half, version: nil), .set(path: "/a", data: half, version: nil),
          .set(path: "/b", data: half, version: nil),
        ])
        #expect(await client.result(of: tooMuch) == .failure(.refused(.tooLarge, operation: 2)))
        #expect(try await client.stat("/a")?.version == 0)
        client.session.close()
      }
    }
  }
}
