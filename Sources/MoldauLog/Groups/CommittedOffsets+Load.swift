package import MoldauFormat

extension CommittedOffsets {
  /// Reads the partition if that was not done, and calls `onOther` with each record that is no
  /// offset, in their order: the members of groups. Blocks.
  ///
  /// Only what is decided counts: the offsets of an aborted transaction, or of one that is open, are
  /// passed over, so that a group rather reads something again than misses it. All up to the log's
  /// end counts: in a cluster, let nobody see it before the high watermark is there.
  package func load(
    onOther: ((_ record: borrowing RecordView) throws(FormatError) -> Void)? = nil
  ) throws(LogError) {
    try isLoaded.withLock { (isLoaded) throws(LogError) in
      if isLoaded && onOther == nil { return }
      let takesOffsets = !isLoaded
      var failure: FormatError?
      do throws(LogError) {
        try scan { record in
          do throws(FormatError) {
            try self.take(record, takesOffsets: takesOffsets, onOther)
          } catch {
            failure = failure ?? error
          }
        }
      } catch {
        // Half of it would be old offsets for new ones.
        if takesOffsets { groups.withLock { $0 = [:] } }
        throw error
      }
      if let failure {
        topic.services.logger.error("\(topic.name)-\(number): a record cannot be read: \(failure)")
      }
      if takesOffsets { dropVoid() }
      isLoaded = true
    }
  }

  /// Calls `body` with the records of the partition that count.
  ///
  /// A broker that has stopped in the midst of a transaction may never end it. What lies behind its
  /// first record counts all the same, unless it is of a transaction itself.
  private func scan(_ body: (borrowing RecordView) -> Void) throws(LogError) {
    let end = try topic.scan(
      from: .earliest, partition: number, isolation: .readCommitted, body)
    var batches = try topic.batches(
      from: .offset(end), number, .readUncommitted, maxBytes: .max)
    while try batches.next() {
      if batches.header.attributes.isTransactional { continue }
      do throws(FormatError) {
        // SAFETY: the bytes stay valid until the next step, and the reader ends before it.
        var reader = unsafe RecordReader(batches.records.bytes, batches.header)
        while let record = try reader.next() { body(record) }
      } catch {
        throw batches.damage(error)
      }
    }
  }

  private func take(
    _ record: borrowing RecordView, takesOffsets: Bool,
    _ onOther: ((_ record: borrowing RecordView) throws(FormatError) -> Void)?
  ) throws(FormatError) {
    guard let keyBytes = record.key else { return }
    guard case .offset(let key) = try GroupRecordKey(parsing: keyBytes) else {
      try onOther?(record)
      return
    }
    guard takesOffsets else { return }
    var value: GroupOffsetValue?
    if let bytes = record.value { value = try GroupOffsetValue(parsing: bytes) }
    let position = record.offset
    groups.withLock { groups in
      groups[key.group, default: [:]][key.partition, default: Entry()].note(value, at: position)
    }
  }

  /// Forgets what was taken back.
  private func dropVoid() {
    groups.withLock { groups in
      groups = groups.compactMapValues { entries in
        let kept = entries.filter { !$0.value.isVoid }
        return kept.isEmpty ? nil : kept
      }
    }
  }
}
