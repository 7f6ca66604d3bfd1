package import MoldauDisk
package import MoldauLog

extension EmbeddedTree {
  /// Opens a tree that is kept in a folder of its own, which is made when it is missing. Blocks.
  ///
  /// A write is answered, and told to those who watch, when it survives a power cut. Sessions and
  /// their ephemeral nodes end with the object. The change after a failed sync is not known to be
  /// kept or not, so the tree works for nobody from then on, until it is opened again.
  ///
  /// - Throws: `directoryInUse` when the folder has an open tree already; `corrupt` when the log
  ///   describes no tree; `lostChanges` when opening it, now or before, has found that something is
  ///   missing that was answered.
  package static func open(
    in folder: String, queue: SerialQueue, scheduler: Scheduler?,
    _ configuration: StoreConfiguration = StoreConfiguration(), disk: any Disk = SystemDisk(),
    clock: any WallClock = SystemWallClock()
  ) throws(TreeOpenFailure) -> EmbeddedTree {
    let storage: TreeStorage
    var note: String?
    do throws(LogError) {
      storage = try TreeStorage.open(in: folder, configuration, disk: disk, clock: clock)
      note = try storage.lossNote()
      if note != nil { try storage.store.closeBlocking() }
    } catch {
      throw .log(error)
    }
    if let note { throw .lostChanges(folder: folder, note: note) }
    do throws(LogError) {
      return EmbeddedTree(
        carrier: QueueCarrier(queue: queue), scheduler: scheduler, tree: try storage.load(),
        storage: storage)
    } catch {
      throw .log(error)
    }
  }

  /// The store of a tree that is kept in a log; for who does its work by hand.
  package var store: LogStore? { storage?.store }

  /// Disconnects all sessions and leaves the folder as a clean stop does. Blocks.
  package func close() throws(LogError) {
    setAvailable(false)
    try storage?.store.closeBlocking()
  }

  /// The log has failed: nothing can be promised any more.
  func fail(_ error: LogError) {
    step { server in
      server.hasFailed = true
      server.settleAll(now: now)
    }
    storage?.store.configuration.logger.critical(
      "the coordination tree cannot be kept any more", metadata: ["reason": "\(error)"])
  }
}
