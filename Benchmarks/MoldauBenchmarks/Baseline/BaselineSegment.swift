import Foundation

/// A segment for the baseline's lookups.
struct BaselineSegment {
  var baseOffset: Int64
  var log: BaselineMap
  var index: BaselineMap

  /// Maps all segments of a partition but the last.
  static func sealedSegments(in directory: String) throws -> [BaselineSegment] {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
      .filter { $0.hasSuffix(".log") }.sorted()
    return try names.dropLast().map { name in
      let stem = name.dropLast(4)
      guard let baseOffset = Int64(stem) else { throw BaselineError("\(name) is no segment") }
      return BaselineSegment(
        baseOffset: baseOffset, log: try BaselineMap("\(directory)/\(name)"),
        index: try BaselineMap("\(directory)/\(stem).index"))
    }
  }
}
