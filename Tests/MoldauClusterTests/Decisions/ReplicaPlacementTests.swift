import Testing

@testable import MoldauCluster

struct ReplicaPlacementTests {
  @Test("leaders and replicas are spread evenly, and no partition has a broker twice")
  func spread() {
    for brokerCount in 1...7 {
      for factor in 1...brokerCount {
        var generator = CountingGenerator(state: UInt64(brokerCount * 10 + factor))
        let brokers = (0..<Int32(brokerCount)).map { $0 * 3 + 1 }
        let placement = ReplicaPlacement(brokers: brokers, using: &generator)
        let count = brokerCount * 6
        let assignment = placement.replicas(of: 0..<count, factor: factor)
        #expect(assignment.count == count)
        for replicas in assignment {
          #expect(replicas.count == factor)
          #expect(Set(replicas).count == factor)
          #expect(Set(replicas).isSubset(of: brokers))
        }
        for broker in brokers {
          #expect(assignment.count { $0.first == broker } == 6)
          #expect(assignment.count { $0.contains(broker) } == 6 * factor)
        }
      }
    }
  }

  @Test("the second replicas of one broker's partitions are on different brokers")
  func shift() {
    var generator = CountingGenerator(state: 7)
    let placement = ReplicaPlacement(brokers: [1, 2, 3, 4, 5], using: &generator)
    let assignment = placement.replicas(of: 0..<20, factor: 2)
    for broker: Int32 in 1...5 {
      let seconds = assignment.filter { $0.first == broker }.compactMap(\.last)
      #expect(Set(seconds).count == 4)
    }
  }

  @Test("the same generator places alike; further partitions go on round the brokers")
  func repeats() {
    var first = CountingGenerator(state: 3)
    var second = CountingGenerator(state: 3)
    let brokers: [Int32] = [3, 1, 2]
    let placed = ReplicaPlacement(brokers: brokers, using: &first).replicas(of: 0..<4, factor: 2)
    #expect(
      placed
        == ReplicaPlacement(brokers: brokers, using: &second).replicas(of: 0..<4, factor: 2))
    let further = ReplicaPlacement(brokers: brokers, after: 2).replicas(of: 4..<7, factor: 2)
    #expect(further.compactMap(\.first) == [3, 1, 2])
  }
}
