import Foundation

/// Which schedules are run.
enum Seeds {
  private static let environment = ProcessInfo.processInfo.environment

  /// The one that is to be replayed.
  static let only = environment["MOLDAU_SEED"].flatMap(UInt64.init)
}
