import Foundation
import MoldauClient
import Testing
import MoldauChildProcess

/// `moldau serve` as a process of its own, on a free port.
struct Broker {
  let process: ChildProcess
  let endpoint: Endpoint

  init(data: String, _ more: String...) throws {
    process = try ChildProcess(
      Machine.moldau, ["serve", "--data", data, "--kafka", "127.0.0.1:0"] + more)
    var found: Endpoint?
    while found == nil, let line = process.readLine() {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "," })
      if words.first == "listening" {
        found = words.dropFirst().first.flatMap { Endpoint(String($0)) }
      }
    }
    endpoint = try #require(found, "\(process.errorText)")
  }
}
