/// Where a command's input comes from.
package protocol CommandInput: AnyObject {
  /// Returns the next bytes, or says that none came within `waitMilliseconds`.
  func next(waitMilliseconds: Int32) throws -> InputChunk
}

package enum InputChunk: Equatable, Sendable {
  case bytes([UInt8])
  case nothingYet
  case end
}
