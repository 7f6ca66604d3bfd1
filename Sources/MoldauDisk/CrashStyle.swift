/// What a crash of a `SimulatedDisk` leaves.
package enum CrashStyle: String, CaseIterable, Sendable {
  /// A power cut at the worst moment: only what was synced.
  case loseAllUnsynced
  /// The death of the process: all that was written, and what was not synced stays so.
  case keepAll
  /// A power cut: what was synced, and of the rest each 512-byte sector and each change of names
  /// or not, as the dice fall.
  case random
  /// As `random`, and a sector may be torn at any byte.
  case randomTorn
}
