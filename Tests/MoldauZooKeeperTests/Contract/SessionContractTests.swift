import MoldauCoordination
import Synchronization
import Testing

extension ContractTests {
  /// What all implementations do alike: watches, order, the end of sessions.
  struct Sessions {
    @Test("a watch tells the next change, once", arguments: subjects)
    func watches(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        let other = await TestClient.connected(to: service)
        try await other.stat("/a", watches: true)
        try await other.children("/", watches: true)
        try await client.create("/a", "one")
        #expect(await other.nextChange() == .changed(path: "/a", .created))
        #expect(await other.nextChange() == .changed(path: "/", .children))

        _ = try await other.data("/a", watches: true)
        try await client.set("/a", "two")
        #expect(await other.nextChange() == .changed(path: "/a", .data))
        try await client.set("/a", "three")

        try await other.children("/a", watches: true)
        try await client.create("/a/b")
        #expect(await other.nextChange() == .changed(path: "/a", .children))
        try await client.delete("/a/b")

        // A node's end is told once, however it is watched.
        try await other.children("/a", watches: true)
        _ = try await other.data("/a", watches: true)
        try await other.stat("/a", watches: true)
        try await client.delete("/a")
        #expect(await other.nextChange() == .changed(path: "/a", .deleted))
        #expect(try await other.stat("/a") == nil)
        #expect(other.untakenEvents == [])
        client.session.close()
        other.session.close()
      }
    }

    @Test("a read that is refused watches nothing", arguments: subjects)
    func refusedReads(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        _ = await client.result(of: .data(path: "/a", watches: true))
        _ = await client.result(of: .children(path: "/a", watches: true))
        try await client.create("/a")
        try await client.create("/a/b")
        _ = try await client.stat("/a")
        #expect(client.untakenEvents == [])
        client.session.close()
      }
    }

    @Test("whoever sees a change has been told of it before", arguments: subjects)
    func watchesComeFirst(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        try await client.create("/a", "0")
        for round in 1...20 {
          _ = try await client.data("/a", watches: true)
          // None waits for the one before.
          client.send(.write([.set(path: "/a", data: Array("\(round)".utf8), version: nil)]))
          let (text, _) = try await client.data("/a")
          #expect(text == "\(round)")
          let told = client.told.suffix(3)
          #expect(told.first == .event(.changed(path: "/a", .data)), "\(told)")
        }
        client.session.close()
      }
    }

    @Test("requests are carried out and answered in their order", arguments: subjects)
    func order(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        try await client.create("/a", "0")
        let answers = await withCheckedContinuation { continuation in
          let gathered = Mutex<[Result<CoordinationAnswer, CoordinationError>]>([])
          for round in Int32(0)..<200 {
            let request: CoordinationRequest =
              switch round % 4 {
              case 0: .write([.set(path: "/a", data: [UInt8(round)], version: round / 4)])
              case 1: .data(path: "/a", watches: false)
              case 2: .exists(path: "/none", watches: false)
              default: .sync(path: "/")
              }
            client.session.perform(request) { result in
              let all = gathered.withLock { gathered in
                gathered.append(result)
                return gathered
              }
              if all.count == 200 { continuation.resume(returning: all) }
            }
          }
        }
        for (index, answer) in answers.enumerated() {
          let round = Int32(index)
          switch (round % 4, answer) {
          case (0, .success(.written(let results))):
            guard case .set(let stat)? = results.first else { continue }
            #expect(stat.version == round / 4 + 1)
          case (1, .success(.data(let data, let stat))):
            #expect(data == [UInt8(round - 1)] && stat.version == round / 4 + 1)
          case (2, .success(.exists(nil))), (3, .success(.synced)): break
          default: Issue.record("answer \(index): \(answer)")
          }
        }
        client.session.close()
      }
    }

    @Test(
      "a session's ephemeral nodes go with it, and those who watch are told", arguments: subjects)
    func ephemerals(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let watcher = await TestClient.connected(to: service)
        let client = TestClient(service)
        let id = await client.sessionID()
        try await client.create("/a", "", .ephemeral)
        try await client.create("/b", "", .ephemeralSequential)
        try await client.create("/c")
        #expect(try await watcher.stat("/a", watches: true)?.ephemeralOwner == id)
        client.session.close()
        client.session.close()
        #expect(await watcher.nextChange() == .changed(path: "/a", .deleted))
        #expect(try await watcher.children("/") == ["c"])
        watcher.session.close()
      }
    }

    @Test("after close every request is answered with closed, each once", arguments: subjects)
    func closing(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = await TestClient.connected(to: service)
        try await client.create("/a")
        let count = Mutex(0)
        await withCheckedContinuation { continuation in
          for round in 0..<100 {
            if round == 50 { client.session.close() }
            client.session.perform(.data(path: "/a", watches: true)) { result in
              if round >= 50 { #expect(result == .failure(.closed)) }
              let isLast = count.withLock { count in
                count += 1
                return count == 100
              }
              if isLast { continuation.resume() }
            }
          }
        }
        #expect(await client.result(of: .sync(path: "/")) == .failure(.closed))
        #expect(count.withLock { $0 } == 100)
        // Its watches tell nothing more.
        let other = await TestClient.connected(to: service)
        try await other.set("/a", "two")
        #expect(client.untakenEvents == [])
        other.session.close()
      }
    }

    @Test("requests may be given before the session is connected", arguments: subjects)
    func earlyRequests(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let client = TestClient(service)
        try await client.create("/early")
        #expect(try await client.children("/") == ["early"])
        client.session.close()
      }
    }

    @Test("of two who make the same node one has made it", arguments: subjects)
    func elections(subject: CoordinationSubject) async throws {
      try await subject.withService { service in
        let clients = [
          await TestClient.connected(to: service), await TestClient.connected(to: service),
        ]
        try await clients[0].create("/epoch", "0")
        for round in Int32(0)..<5 {
          async let first = clients[0].result(of: candidacy(round))
          async let second = clients[1].result(of: candidacy(round))
          let results = await [first, second]
          let winners = results.filter { if case .success = $0 { true } else { false } }
          #expect(winners.count == 1, "\(results)")
          try await clients[0].delete("/controller")
        }
        for client in clients { client.session.close() }
      }
    }

    private func candidacy(_ round: Int32) -> CoordinationRequest {
      .write([
        .create(path: "/controller", data: [], kind: .ephemeral),
        .set(path: "/epoch", data: [UInt8(round)], version: round),
      ])
    }
  }
}
