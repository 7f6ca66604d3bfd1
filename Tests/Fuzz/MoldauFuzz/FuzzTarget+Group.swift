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
