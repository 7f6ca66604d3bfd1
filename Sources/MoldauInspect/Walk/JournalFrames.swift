import MoldauFormat
import MoldauLog

/// The frames of a commit journal's file.
enum JournalFrames {
  /// Reads from the file's start on, as far as frames are whole and follow each other.
  static func read(_ bytes: [UInt8]) -> [(position: Int, frame: CommitJournalFrame)] {
    var frames: [(position: Int, frame: CommitJournalFrame)] = []
    var position = 0
    while true {
      do throws(FormatError) {
        let frame = try unsafe CommitJournalFrame(parsing: bytes.span.bytes, at: position)
        if let last = frames.last?.frame, frame.sequence != last.sequence + 1 { return frames }
        frames.append((position, frame))
        position += frame.byteCount
      } catch {
        return frames
      }
    }
  }
}
