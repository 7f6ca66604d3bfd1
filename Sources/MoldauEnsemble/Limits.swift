/// The bounds of this target, together.
enum Limits {
  /// Ports that are tried until enough are free.
  static let maxPortTries = 1000
}
