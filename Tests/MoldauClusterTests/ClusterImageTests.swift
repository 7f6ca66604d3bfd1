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

  @Test("a topic that was made anew under its name was deleted as much as one that is gone")
  func deleted() {
    func image(_ topics: [String: UInt64]) -> ClusterImage {
      var image = ClusterImage()
      for (name, id) in topics {
        image.topics[name] = TopicImage(
          name: name, id: TopicID(high: 1, low: id), configuration: [:], partitions: [])
      }
      return image
    }
    let later = image(["same": 1, "anew": 12, "new": 13])
    let earlier = image(["same": 1, "anew": 2, "gone": 3])
    #expect(later.topicsDeleted(since: earlier) == ["anew", "gone"])
    #expect(later.topicsDeleted(since: ClusterImage()).isEmpty)
  }
}
