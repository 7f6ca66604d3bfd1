/// The tagged fields at the end of a structure, while they are being read or written.
///
/// `count, {tag, size, content}*`, all variable-length integers, tags ascending. A field is left
/// out when it has its default value; an unknown one is skipped.
package struct TagSection {
  /// Reading: the fields not yet looked at. Writing: the fields written.
  fileprivate var count = 0
  /// Writing: where the count stands.
  fileprivate var countPosition = 0
  /// Reading: the field whose header was read and whose content was not.
  fileprivate var pending: (tag: Int, size: Int)?
  fileprivate var lastTag = -1
}

extension FieldCoder {
  /// Ends a structure that has no tagged field of its own.
  @inline(__always)
  package mutating func tags() throws(ProtocolError) {
    guard isFlexible else { return }
    let section = try openTags()
    try closeTags(section)
  }

  /// Begins the tagged fields; `field(_:tag:default:since:in:)` follow in ascending order.
  package mutating func openTags() throws(ProtocolError) -> TagSection {
    var section = TagSection()
    guard isFlexible else { return section }
    if isDecoding {
      let start = reader.position
      let count = Int(try reader.unsignedVarint())
      guard count <= reader.remaining else {
        throw ProtocolError(.lengthOutOfRange(count), at: start)
      }
      section.count = count
    } else {
      section.countPosition = writer.byteCount
      writer.integer(UInt8(0))
    }
    return section
  }

  /// Reads or writes one tagged field of the versions from `since` on.
  package mutating func field<Value: WireValue & Equatable>(
    _ value: inout Value, tag: Int, default initial: Value, since: Int16,
    in section: inout TagSection
  ) throws(ProtocolError) {
    guard isFlexible, version >= since else { return }
    if isDecoding {
      guard try seek(tag, in: &section), let pending = section.pending else { return }
      section.pending = nil
      let outer = try reader.narrow(to: pending.size)
      try value.code(with: &self)
      guard reader.remaining == 0 else {
        throw ProtocolError(.tagSizeMismatch(tag: tag), at: reader.position)
      }
      reader.widen(to: outer)
    } else if value != initial {
      section.count += 1
      precondition(section.count < 0x80, "the count of tagged fields stays one byte")
      writer.unsignedVarint(UInt32(tag))
      let start = writer.byteCount
      try value.code(with: &self)
      writer.insertSize(at: start)
    }
  }

  /// Ends the tagged fields: skips what this build does not know, or fills in the count.
  package mutating func closeTags(_ section: TagSection) throws(ProtocolError) {
    guard isFlexible else { return }
    if isDecoding {
      var rest = section
      _ = try seek(.max, in: &rest)
    } else {
      writer.overwrite(at: section.countPosition, with: UInt8(section.count))
    }
  }

  /// Skips fields below `tag`; returns whether the pending one then is `tag`.
  private mutating func seek(
    _ tag: Int, in section: inout TagSection
  ) throws(ProtocolError) -> Bool {
    while true {
      if let pending = section.pending {
        guard pending.tag < tag else { return pending.tag == tag }
        _ = try reader.take(pending.size)
        section.pending = nil
      }
      guard section.count > 0 else { return false }
      section.count -= 1
      let start = reader.position
      let next = Int(try reader.unsignedVarint())
      guard next > section.lastTag else {
        throw ProtocolError(.tagOutOfOrder(tag: next), at: start)
      }
      section.lastTag = next
      section.pending = (next, Int(try reader.unsignedVarint()))
    }
  }
}
