import Foundation

/// Which schedules are run.
enum Seeds {
  private static let environment = ProcessInfo.processInfo.environment

  /// The one that is to be replayed.
  static let only = environment["MOLDAU_SEED"].flatMap(UInt64.init)
  /// How many schedules are tried.
  static let count = environment["MOLDAU_SCHEDULES"].flatMap(UInt64.init) ?? 5
  /// How many are tried for each rule that is taken out; nil leaves the rules alone.
  static let ruleCount = environment["MOLDAU_RULE_SCHEDULES"].flatMap(UInt64.init)
  /// Whether each tells what it was like.
  static let isVerbose = environment["MOLDAU_VERBOSE"] != nil
  /// How many of the last events are shown when something is wrong.
  static let lineCount = environment["MOLDAU_VERBOSE"].flatMap(Int.init) ?? 80
}
