import Glibc

/// How many files and connections the process may have open at once.
enum DescriptorLimit {
  /// Raises the limit as far as the system lets it go: its usual 1,024 are few for a broker.
  static func raise() {
    var limit = rlimit()
    // SAFETY: the call fills in `limit`.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    // SAFETY: the call reads `limit`. A refusal leaves the limit as it was, which is no error.
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
