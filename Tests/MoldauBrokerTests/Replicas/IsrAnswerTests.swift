import MoldauCluster
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("What the controller answers to changes of in-sync replicas")
struct IsrAnswerTests {
  private let id = TopicID(high: 3, low: 3)
  private let partition = TopicPartition(topic: "t", partition: 0)

  private func image(_ partitionEpoch: Int32, isr: [Int32], elr: [Int32] = []) -> ClusterImage {
    var state = PartitionImage(
      replicas: [1, 2], leader: 1, leaderEpoch: 3, partitionEpoch: partitionEpoch, isr: isr)
    state.elr = elr
    var image = ClusterImage()
    image.topics["t"] = TopicImage(name: "t", id: id, configuration: [:], partitions: [state])
    return image
  }

  private var change: IsrChange {
    IsrChange(
      partition: partition, topicID: id, leaderEpoch: 3, partitionEpoch: 5,
      isr: [.init(nodeID: 1, brokerEpoch: -1)])
  }

  private func answer(_ image: ClusterImage) throws -> AlterPartitionResponse {
    AlterPartitionResponse([change], [.success(try #require(image.partition(partition)))])
  }

  @Test("the new state says whether one that left is eligible, before the image does")
  func eligible() throws {
    let made = image(6, isr: [1], elr: [2])
    let result = try answer(made).result(of: change, image(5, isr: [1, 2]))
    #expect(try result.get() == made.partition(partition))
  }

  @Test("one of a topic that was made anew under its name is of no partition")
  func otherTopic() throws {
    var other = image(7, isr: [1])
    other.topics["t"]?.id = TopicID(high: 4, low: 4)
    let result = try answer(image(6, isr: [1])).result(of: change, other)
    #expect(result == .failure(.unknownPartition))
  }

  @Test("of the changes of a partition that wait for the controller the latest is sent alone")
  func overtaken() {
    func waiting(_ partition: Int32, _ epoch: Int32) -> IsrChanges.Waiting {
      var other = change
      other.partition.partition = partition
      other.partitionEpoch = epoch
      return IsrChanges.Waiting(change: other) { _ in }
    }
    var changes = IsrChanges()
    _ = changes.add(waiting(0, 5))
    #expect(changes.add(waiting(1, 5))?.change == nil)
    let overtaken = changes.add(waiting(0, 6))
    #expect(overtaken?.change.partitionEpoch == 5)
    #expect(changes.waiting.map(\.change.partition.partition) == [1, 0])
    #expect(changes.waiting.map(\.change.partitionEpoch) == [5, 6])
  }
}
