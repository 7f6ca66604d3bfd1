// moldau-writer DIRECTORY LEVEL PARTITIONS
//
// Appends to a store as fast as it can, a thread a partition, and writes a line to the standard
// output for each batch that was acknowledged: the partition and the batch's last offset. Ends with
// 3, and the error on the standard error, when an append fails. The process tests kill it.

import Glibc
import MoldauLoad
import MoldauLog

func fail(_ text: String, _ code: Int32) -> Never {
  let line = "\(text)\n"
  _ = unsafe line.withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
  exit(code)
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let durability = WriterLoad.durability(named: arguments[2]),
  let partitionCount = Int(arguments[3])
else { fail("usage: moldau-writer DIRECTORY LEVEL PARTITIONS", 64) }

do throws(LogError) {
  let store = try await LogStore.open(
    at: arguments[1], StoreConfiguration(durability: durability, journalBytes: 1 << 20))
  let topic = try await store.topic(
    WriterLoad.topic, WriterLoad.configuration(partitionCount: partitionCount))
  let threads = (0..<partitionCount).map { partition in
    EngineThread(name: "writer") {
      let error = WriterLoad.run(topic, partition: partition) { offset in
        // A line this short is written whole or not at all.
        let line = "\(partition) \(offset)\n"
        _ = unsafe line.withCString { unsafe write(STDOUT_FILENO, $0, strlen($0)) }
      }
      fail("\(error)", 3)
    }
  }
  for thread in threads { thread.join() }
} catch {
  fail("\(error)", 3)
}
