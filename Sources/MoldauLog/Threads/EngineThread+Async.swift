extension EngineThread {
  /// Runs work that may wait for the disk on a thread of its own and returns what it returns.
  ///
  /// For rare, long work: a thread costs some 20 µs.
  package static func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(LogError) -> Value
  ) async throws(LogError) -> Value {
    let result: Result<Value, LogError> = await withCheckedContinuation { continuation in
      detached(name: "moldau-work") {
        let result: Result<Value, LogError>
        do throws(LogError) { result = .success(try work()) } catch { result = .failure(error) }
        continuation.resume(returning: result)
      }
    }
    return try result.get()
  }
}
