import MoldauCoordination
import MoldauZooKeeper
import Testing

struct AddressTests {
  @Test(
    "an address names servers and a chroot",
    arguments: [
      ("zk://a:1", ["a:1"], "/"), ("zk://a", ["a:2181"], "/"), ("zk://a:1/", ["a:1"], "/"),
      ("zk://a:1,b,10.0.0.3:70/x/y", ["a:1", "b:2181", "10.0.0.3:70"], "/x/y"),
      ("zk://[::1]:7,[::2]/x", ["[::1]:7", "[::2]:2181"], "/x"),
    ])
  func parsing(text: String, servers: [String], chroot: String) throws {
    let address = try ZooKeeperAddress(text)
    #expect(address.servers == servers)
    #expect(address.chroot == Chroot(chroot))
    #expect(try ZooKeeperAddress("\(address)") == address)
  }

  @Test(
    "what is no address is refused",
    arguments: [
      "a:1", "zk://", "zk:///x", "zk://a:", "zk://:1", "zk://a:0", "zk://a:70000", "zk://a,,b",
      "zk://a/x/", "zk://a//x",
    ])
  func refusal(text: String) {
    #expect(throws: ZooKeeperAddress.Problem.self) { try ZooKeeperAddress(text) }
  }
}
