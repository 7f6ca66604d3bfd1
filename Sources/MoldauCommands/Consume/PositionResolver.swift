import MoldauClient
import MoldauFormat
import MoldauProtocol

/// Finds the offsets that positions stand for.
struct PositionResolver {
  let cluster: Cluster
  let isolation: Isolation

  struct Resolved: Equatable {
    var offset: Offset
    var start: Offset
    var end: Offset
  }

  /// Returns the offset of `position` in each partition, within where the partition begins and
  /// ends.
  func resolve(
    _ position: Position, in partitions: [TopicPartition]
  ) throws(ClientError) -> [TopicPartition: Resolved] {
    let ends = try cluster.ends(of: partitions, isolation: isolation)
    var times: [TopicPartition: Offset] = [:]
    if case .time(let milliseconds) = position {
      times = try cluster.offsets(of: partitions, at: milliseconds, isolation: isolation)
    }
    return ends.reduce(into: [:]) { resolved, entry in
      let (partition, (start, end)) = entry
      let wanted: Int64 =
        switch position {
        case .earliest: start.rawValue
        case .latest: end.rawValue
        case .beforeEnd(let count): end.rawValue - min(count, end.rawValue)
        case .offset(let offset): offset
        case .time: times[partition]?.rawValue ?? end.rawValue
        }
      let offset = max(start.rawValue, min(wanted, end.rawValue))
      resolved[partition] = Resolved(offset: Offset(rawValue: offset), start: start, end: end)
    }
  }
}

extension Cluster {
  /// Returns the numbers of a topic's partitions, or nil when there is no such topic.
  func partitionIndexes(of topic: String) throws(ClientError) -> [Int32]? {
    do throws(ClientError) {
      return try partitions(of: topic).map(\.index)
    } catch {
      if error.refusalCode == .unknownTopicOrPartition { return nil }
      throw error
    }
  }
}
