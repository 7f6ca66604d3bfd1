import MoldauFormat

extension FuzzTarget {
  /// The records of `__consumer_offsets`.
  static let groupTargets = [
    FuzzTarget("group-record") { bytes in
      let record = KeyAndValue(bytes)
      guard
        let key = result({ () throws(FormatError) in try GroupRecordKey(parsing: record.key) })
      else { return }
      switch key {
      case .offset:
        expectStable(GroupOffsetKey.self, record.key)
        expectStable(GroupOffsetValue.self, record.value)
      case .group:
        expectStable(GroupMetadataKey.self, record.key)
        expectStable(GroupMetadataValue.self, record.value)
      case .consumerGroup(let key):
        expectStable(ConsumerGroupKey.self, record.key)
        switch key {
        case .group, .target: expectStable(ConsumerGroupEpochValue.self, record.value)
        case .topics: expectStable(ConsumerGroupTopicsValue.self, record.value)
        case .member: expectStable(ConsumerGroupMemberValue.self, record.value)
        case .memberTarget: expectStable(ConsumerGroupTargetValue.self, record.value)
        case .memberCurrent: expectStable(ConsumerGroupCurrentValue.self, record.value)
        }
      case .other:
        break
      }
    }
  ]
}

extension GroupOffsetKey: Reencodable {}
extension GroupOffsetValue: Reencodable {}
extension GroupMetadataKey: Reencodable {}
extension GroupMetadataValue: Reencodable {}
extension ConsumerGroupKey: Reencodable {}
extension ConsumerGroupEpochValue: Reencodable {}
extension ConsumerGroupTopicsValue: Reencodable {}
extension ConsumerGroupMemberValue: Reencodable {}
extension ConsumerGroupTargetValue: Reencodable {}
extension ConsumerGroupCurrentValue: Reencodable {}
