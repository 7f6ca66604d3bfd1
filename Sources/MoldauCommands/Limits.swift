/// The bounds of this target, in one place.
enum Limits {
  /// A record of the input that is longer is refused, in bytes.
  static let maxInputRecordBytes = 64 << 20
  /// How deep values of the JSON input may be nested.
  static let maxJSONDepth = 64
  /// Output that waits to be written, in bytes.
  static let outputBytes = 128 << 10
  /// How long a fetch waits for records, and so how long a request to stop may take.
  static let fetchWaitMilliseconds: Int32 = 250
  /// How often a member of a group commits while it reads.
  static let commitIntervalMilliseconds: Int64 = 1_000
  /// How long the producer waits for more input before it sends what it has.
  static let lingerMilliseconds: Int32 = 5
  /// How often the producer looks whether it is to stop while no input comes.
  static let inputWaitMilliseconds: Int32 = 250
  /// The pause between two looks at a broker that is waited for.
  static let healthPauseMilliseconds: Int32 = 200
}
