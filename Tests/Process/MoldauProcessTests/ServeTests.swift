import MoldauChildProcess
import MoldauReport
import Foundation
import MoldauClient
import MoldauDisk
import MoldauFormat
import MoldauInspect
import MoldauLoad
import MoldauLog
import MoldauProtocol
import Testing

extension ProcessTests {
  @Suite(.serialized)
  struct ServeTests {
    private static let partition = TopicPartition(topic: WriterLoad.topic, partition: 0)

    /// The batch of one record that belongs at an offset.
    private func batch(_ offset: Int64) throws -> BatchBuilder {
      var builder = BatchBuilder(initialCapacity: 1024)
      let value = WriterLoad.value(partition: 0, offset: offset)
      builder.append(
        value: value.span, timestampMilliseconds: SystemWallClock().nowMilliseconds())
      try builder.finish()
      return builder
    }

    /// Produces until `count` batches are acknowledged; returns the offset behind them.
    private func produce(
      _ count: Int, to connection: KafkaConnection, from first: Int64, _ check: inout WriterCheck
    ) throws -> Int64 {
      var next = first
      for _ in 0..<count {
        let appended = try connection.produce(batch(next).bytes, to: Self.partition)
        #expect(appended.baseOffset.rawValue == next)
        check.note(partition: 0, offset: next)
        next += 1
      }
      return next
    }

    @Test("what acks=all acknowledged survives kill -9 of the broker")
    func brokerIsKilled() throws {
      let seed = UInt64.random(in: 0...UInt64.max)
      var generator = SeededGenerator(seed: seed)
      try withFolder { folder in
        var check = WriterCheck(partitionCount: 1)
        for round in 1...Machine.rounds {
          let broker = try Broker(data: folder)
          let connection = try KafkaConnection(to: broker.endpoint)
          _ = try connection.partitions(of: WriterLoad.topic)
          let first =
            try connection.offset(
              of: Self.partition, at: ListOffsetsRequest.Position.latest
            )?.offset.rawValue ?? 0
          #expect(first > check.acknowledged[0] ?? -1, "round \(round), seed \(seed)")
          let count = Int.random(in: 1...200, using: &generator)
          let next = try produce(count, to: connection, from: first, &check)
          // One more is on its way when the broker dies.
          _ = try connection.sendProduce(batch(next).bytes, to: Self.partition)
          broker.process.signal(SIGKILL)
          #expect(broker.process.wait() == .killed(SIGKILL))
          if round == Machine.rounds || Bool.random(using: &generator) { try check.check(folder) }
        }
      }
    }

    @Test(
      "SIGTERM and SIGINT stop the broker with 0 and a clean directory",
      arguments: [SIGTERM, SIGINT])
    func brokerIsStopped(signal: Int32) throws {
      try withFolder { folder in
        let broker = try Broker(data: folder)
        let connection = try KafkaConnection(to: broker.endpoint)
        _ = try connection.partitions(of: WriterLoad.topic)
        var check = WriterCheck(partitionCount: 1)
        _ = try produce(50, to: connection, from: 0, &check)
        broker.process.signal(signal)
        #expect(broker.process.wait() == .exited(0), "\(broker.process.errorText)")
        var findings: [ReportRow] = []
        var verifier = Verifier { findings.append($0) }
        let summary = try verifier.run(folder)
        #expect(findings == [])
        #expect(summary.wasClosedCleanly)
        #expect(summary.recordCount == 50)
        try check.check(folder)
      }
    }

    @Test(
      "a directory that is served is refused to a second broker and to verify, and may be inspected"
    )
    func directoryInUse() throws {
      try withFolder { folder in
        let broker = try Broker(data: folder)
        let second = try run(Machine.moldau, "serve", "--data", folder, "--kafka", "127.0.0.1:0")
        #expect(second.code == 1)
        #expect(second.output.contains("is open in another process"))
        let verify = try run(Machine.moldau, "verify", folder)
        #expect(verify.code == 1)
        #expect(verify.output.contains("is open in another process"))
        let inspect = try run(Machine.moldau, "inspect", folder)
        #expect(inspect.code == 0)
        #expect(inspect.output.contains("open in another process"))
        broker.process.signal(SIGTERM)
        #expect(broker.process.wait() == .exited(0))
      }
    }
  }
}
