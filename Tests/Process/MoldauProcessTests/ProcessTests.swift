import Testing

/// Tests with real processes, signals, full and failing disks.
///
/// One after another: each loads the machine by itself.
@Suite(.serialized)
enum ProcessTests {}
