/// Lets a test try again whose time has run out before it was to, as it does on a machine that is busy.
///
/// For what has to run out, and so cannot be long from the start.
enum Patience {
  /// Runs `body` with longer and longer times until it succeeds; the last failure is the test's.
  ///
  /// `body` throws where the time was too short, rather than to note an issue.
  static func run(_ body: (_ time: Duration) async throws -> Void) async throws {
    for time in [Duration.milliseconds(500), .seconds(5)] {
      do { return try await body(time) } catch {}
    }
    try await body(.seconds(50))
  }
}
