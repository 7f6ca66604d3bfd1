/// How far a check of a data directory has come.
package struct VerifyProgress: Equatable, Sendable {
  package var checkedByteCount: Int
  package var byteCount: Int
}
