/// Which records of a consumer group differ from what the log has.
struct ConsumerGroupChanges: Sendable, Equatable {
  var isEpochChanged = false
  var isTopicsChanged = false
  var isTargetEpochChanged = false
  /// Members of which it is another thing that they want; by id, as below.
  var wants: Set<String> = []
  /// Members that are to own something else.
  var targets: Set<String> = []
  /// Members that own something else, or are in another epoch or state.
  var currents: Set<String> = []

  var isEmpty: Bool { self == ConsumerGroupChanges() }

  mutating func formUnion(_ other: ConsumerGroupChanges) {
    isEpochChanged = isEpochChanged || other.isEpochChanged
    isTopicsChanged = isTopicsChanged || other.isTopicsChanged
    isTargetEpochChanged = isTargetEpochChanged || other.isTargetEpochChanged
    wants.formUnion(other.wants)
    targets.formUnion(other.targets)
    currents.formUnion(other.currents)
  }

  mutating func removed(_ member: String) {
    wants.insert(member)
    targets.insert(member)
    currents.insert(member)
  }
}
