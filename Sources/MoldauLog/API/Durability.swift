/// What an acknowledged append survives. docs/durability.md has the whole story.
public enum Durability: Hashable, Sendable {
  /// Written to the operating system: survives a killed process, not a power cut.
  case buffered
  /// Synced to the device together with what other appends wrote meanwhile: survives a power cut.
  ///
  /// A commit starts as soon as the one before it has ended; `maxDelay` lets it wait that much
  /// longer for company (a wait rarely helps, see docs/decisions/group-commit.md).
  case groupCommit(maxDelay: Duration = .zero)
  /// Synced to the device by a sync of its own: survives a power cut.
  case everyAppend

  /// Whether the acknowledgement waits for the device.
  public var isSynced: Bool {
    self != .buffered
  }
}

extension Durability: CustomStringConvertible {
  public var description: String {
    switch self {
    case .buffered: "buffered (survives a killed process)"
    case .groupCommit: "group commit (survives a power cut)"
    case .everyAppend: "a sync for every append (survives a power cut)"
    }
  }
}
