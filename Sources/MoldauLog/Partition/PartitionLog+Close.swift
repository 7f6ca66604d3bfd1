import MoldauDisk
import MoldauFormat

extension PartitionLog {
  /// Refuses further appends and wakes those who wait for them.
  func close() {
    state.withLock { $0.isClosed = true }
    closed.store(true, ordering: .releasing)
    observers.notifyAll()
  }

  /// Unmaps and closes the files of a closed log; who reads from them at the moment keeps them.
  func letFilesGo() {
    state.withLock { $0.window = nil }
    for segment in segments { segment.releaseHandles() }
  }

  /// Whether no more can be appended: the store was closed, or the topic deleted.
  package var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Lets a window go that nothing was appended through since the last call.
  func releaseIdleWindow() {
    state.withLock { state in
      guard state.fileMayGoOn else { return }
      if state.windowWasUsed {
        state.windowWasUsed = false
        return
      }
      do throws(LogError) { try closeWindow(&state) } catch {
        services.logger.warning("\(identity): \(error)")
      }
    }
  }

  /// Unmaps the window and cuts what lies behind the last batch.
  func closeWindow(_ state: inout AppendState) throws(LogError) {
    guard state.fileMayGoOn else { return }
    state.window = nil
    state.nextWindowBytes = Limits.minWindowBytes
    let file = try state.active.file()
    do throws(DiskError) { try file.truncate(to: state.position) } catch { throw LogError(error) }
    state.fileMayGoOn = false
  }
}
