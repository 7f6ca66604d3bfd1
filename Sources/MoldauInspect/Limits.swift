/// The bounds of this target, in one place.
enum Limits {
  /// How often a check tells how far it has come, in bytes.
  static let progressStepBytes = 4 << 20
  /// A small file that is read as a whole; a larger one is not what its name says, in bytes.
  static let maxSmallFileBytes = 64 << 20
  /// How many agreements of one index with its log are reported one by one.
  static let maxIndexProblems = 20
}
