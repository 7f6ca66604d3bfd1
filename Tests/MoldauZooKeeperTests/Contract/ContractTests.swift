import Testing

/// What all implementations of a coordination service do alike.
@Suite(OneServer()) struct ContractTests {
  @Test(
    "the contract was checked with ZooKeeper",
    .enabled(if: OneServer.isInstalled, "apt-get install zookeeper default-jre-headless"))
  func completeness() {
    #expect(subjects == CoordinationSubject.allCases)
  }
}

let subjects = CoordinationSubject.available
