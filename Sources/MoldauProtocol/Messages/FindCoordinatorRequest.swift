/// Asks which broker coordinates groups, or transactions.
package struct FindCoordinatorRequest: ProtocolRequest {
  package typealias Response = FindCoordinatorResponse
  package static let apiKey = ApiKey.findCoordinator

  /// The group or transaction; from version 4 on `keys` has them.
  package var key = ""
  /// One of `KeyType`.
  package var keyType: Int8 = 0
  package var keys: [String] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&key, through: 3)
    try coder.field(&keyType, since: 1)
    try coder.field(&keys, since: 4)
    try coder.tags()
  }

  /// What the keys name.
  package enum KeyType {
    package static let group: Int8 = 0
    package static let transaction: Int8 = 1
    package static let share: Int8 = 2
  }
}
