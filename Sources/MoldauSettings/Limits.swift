/// The bounds of this target, in one place.
enum Limits {
  /// The largest settings file that is read.
  static let fileBytes = 1 << 20
  /// A name that differs in more places than this is no slip of the finger.
  static let suggestionDistance = 3
}
