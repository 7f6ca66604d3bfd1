import Testing

@testable import MoldauClient

struct ZooKeeperProbeTests {
  @Test(
    "what a server answers to srvr",
    arguments: [
      ("Zookeeper version: 3.8.0\nMode: follower\nNode count: 5\n", .serves(mode: "follower")),
      (
        "This ZooKeeper instance is not currently serving requests\n",
        .refuses(explanation: "This ZooKeeper instance is not currently serving requests")
      ),
      ("", .refuses(explanation: "it closes the connection")),
    ] as [(String, ZooKeeperProbe.Finding)])
  func findings(answer: String, finding: ZooKeeperProbe.Finding) {
    #expect(ZooKeeperProbe.finding(in: answer) == finding)
  }
}
