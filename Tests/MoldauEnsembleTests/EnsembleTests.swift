import Foundation
import Glibc
import MoldauDisk
import MoldauEnsemble
import Testing

struct ServerProcessTests {
  @Test("a process says how it has ended")
  func endings() throws {
    try withFolder { folder in
      let log = "\(folder)/log"
      let quick = try ServerProcess(["sh", "-c", "echo $GREETING; exit 3"], log, ["GREETING=ahoj"])
      #expect(quick.wait() == .exited(3))
      #expect(quick.pid == nil)
      #expect(try SystemDisk().contents(of: log) == Array("ahoj\n".utf8))
      let slow = try ServerProcess(["sleep", "1000"], log)
      #expect(slow.pid != nil)
      slow.signal(SIGTERM)
      #expect(slow.wait() == .killed(SIGTERM))
      #expect(slow.wait() == .killed(SIGTERM))
      slow.signal(SIGTERM)
    }
  }

  @Test("a process that nobody holds any more is ended")
  func release() throws {
    try withFolder { folder in
      let pid = try #require(try ServerProcess(["sleep", "1000"], "\(folder)/log").pid)
      while kill(pid, 0) == 0 { sched_yield() }
      #expect(errno == ESRCH)
    }
  }
}

struct LoopbackPortsTests {
  @Test("free ports are all different")
  func different() throws {
    var generator = SeededGenerator(seed: 1)
    let ports = try LoopbackPorts.free(50, using: &generator)
    #expect(Set(ports).count == 50)
  }
}

private let isInstalled = {
  do throws(EnsembleError) {
    try ZooKeeperInstallation.check(
      on: SystemDisk(), path: ProcessInfo.processInfo.environment["PATH"])
    return true
  } catch { return false }
}()

@Suite(.enabled(if: isInstalled, "apt-get install zookeeper default-jre-headless"))
struct ZooKeeperEnsembleTests {
  @Test("an ensemble's servers run until it is stopped")
  func running() throws {
    try withFolder { folder in
      let ensemble = try ZooKeeperEnsemble(in: folder, count: 3)
      #expect(ensemble.hosts.split(separator: ",").count == 3)
      try ensemble.start()
      ensemble.kill(1)
      try ensemble.start(1)
      ensemble.stop()
      ensemble.stop()
      for index in 1...3 {
        let log = try SystemDisk().contents(of: "\(folder)/zookeeper-\(index)/server.log")
        #expect(!String(decoding: log, as: UTF8.self).contains("Exception"))
      }
    }
  }
}

extension ServerProcess {
  fileprivate convenience init(
    _ words: [String], _ log: String, _ variables: [String] = []
  ) throws(EnsembleError) {
    try self.init(words, variables: ["PATH=/usr/bin:/bin"] + variables, log: log)
  }
}

private func withFolder(_ body: (String) throws -> Void) throws {
  let folder = "\(NSTemporaryDirectory())/moldau-ensemble-\(UUID().uuidString)"
  let disk = SystemDisk()
  try disk.makeDirectory(folder)
  defer { #expect(throws: Never.self) { try disk.removeFolder(folder) } }
  try body(folder)
}
