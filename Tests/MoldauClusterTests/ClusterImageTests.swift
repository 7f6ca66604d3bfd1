import MoldauFormat
import Testing

@testable import MoldauCluster

struct ClusterImageTests {
  @Test("a partition is found by its topic and number, and a number that is too high is not")
  func lookUp() {
    var image = ClusterImage()
    let partition = PartitionImage(replicas: [1, 2], leader: 1, isr: [1, 2])
    image.topics["orders"] = TopicImage(
      name: "orders", id: .zero, configuration: [:], partitions: [partition])
    #expect(image.partition(TopicPartition(topic: "orders", partition: 0)) == partition)
    #expect(image.partition(TopicPartition(topic: "orders", partition: 1)) == nil)
    #expect(image.partition(TopicPartition(topic: "others", partition: 0)) == nil)
  }
}
