/// A call of the baseline's that failed, or a baseline and a store that disagree.
struct BaselineError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }

  /// Throws unless `errno` is 0.
  static func check(_ errno: CInt, _ call: String) throws(BaselineError) {
    guard errno == 0 else { throw BaselineError("\(call) failed with errno \(errno)") }
  }

  /// Throws unless the store saw what the baseline saw.
  static func checkEqual<Value: Equatable>(
    _ store: Value, _ baseline: Value, _ what: String
  ) throws(BaselineError) {
    guard store == baseline else {
      throw BaselineError("\(what): the store found \(store), the baseline \(baseline)")
    }
  }
}
