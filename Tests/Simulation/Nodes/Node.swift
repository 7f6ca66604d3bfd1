import MoldauDisk

/// A computer with a disk, on which a broker lives from a start to its end, again and again.
final class Node {
  let world: World
  let network: Network
  let id: Int32
  let wallClock: NodeWallClock
  let clock: NodeClock
  private(set) var disk: SimulatedDisk
  private(set) var trouble: DiskTrouble?
  private(set) var life: NodeLife?
  /// How often a broker was started here.
  private(set) var startCount = 0
  private(set) var isPaused = false
  /// What came while the node stood still.
  private var heldUp: [() -> Void] = []
  private let makeLife: (Node) throws -> NodeLife
  /// Which run of the machine it is.
  private(set) var bootCount = 0
  /// Whether something has happened here since it was last looked at.
  var isTouched = false
  /// How long a commit takes, in microseconds.
  var commitTime: ClosedRange<Int64> = 100...1_500

  init(_ network: Network, id: Int32, makeLife: @escaping (Node) throws -> NodeLife) {
    world = network.world
    self.network = network
    self.id = id
    self.makeLife = makeLife
    let time = world.time
    clock = NodeClock(time)
    wallClock = NodeWallClock(time)
    disk = SimulatedDisk(now: { [wallClock] in wallClock.nowMilliseconds() })
  }

  var host: Host { Int(id) }
  var hostName: String { "node-\(id)" }
  var isUp: Bool { life != nil }
  var isServing: Bool { life != nil && !isPaused }

  // MARK: Life and death

  /// Starts a broker on what the disk has.
  func start() throws {
    precondition(life == nil, "a broker runs already")
    startCount += 1
    world.note("node \(id) starts")
    life = try makeLife(self)
    poll()
  }

  /// The broker's end without a warning. `style` says what is left on the disk.
  func crash(_ style: CrashStyle) {
    guard let life else { return }
    world.note("node \(id) dies: \(style)")
    self.life = nil
    isStopping = false
    disk = disk.crash(style, using: &world.random)
    trouble = nil
    if style != .keepAll { bootCount += 1 }
    isTouched = true
    life.end()
    dropHeldUp()
  }

  /// What came while the node stood still comes to nobody.
  private func dropHeldUp() {
    isPaused = false
    let held = heldUp
    heldUp = []
    for action in held { action() }
  }

  /// The broker leaves its cluster and stops in order.
  func stop() {
    guard let life, !isStopping else { return }
    world.note("node \(id) is to stop")
    isStopping = true
    whenRunning { life.leave() }
  }

  /// Whether the broker stops in order.
  private(set) var isStopping = false

  /// The broker has left its cluster.
  func leaveArrived() {
    guard isStopping, let life else { return }
    isStopping = false
    world.after(0) { [self] in
      guard self.life === life else { return }
      world.note("node \(id) stops")
      do { try life.stop() } catch {
        // The process ends all the same.
        if hasTroubledDisk || life.store.isPoisoned { return crash(.keepAll) }
        onFailure("node \(id) does not stop cleanly: \(error)")
      }
      self.life = nil
      isTouched = true
      life.end()
      dropHeldUp()
    }
  }

  /// Called with what should not have happened.
  var onFailure: (String) -> Void = { _ in }

  /// Nothing happens here for a while, though time goes on: a long pause of the system.
  func pause(_ microseconds: Int64) {
    guard let life, !isPaused else { return }
    world.note("node \(id) stands still for \(microseconds / 1000) ms")
    isPaused = true
    world.after(microseconds) { [self] in
      if self.life === life { resume() }
    }
  }

  func resume() {
    guard isPaused else { return }
    world.note("node \(id) goes on")
    isPaused = false
    let held = heldUp
    heldUp = []
    for action in held {
      let life = life
      action()
      if self.life !== life { return }
    }
    onResume()
    poll()
  }

  /// Called when a pause is over.
  var onResume: () -> Void = {}

  // MARK: The disk

  /// Lets calls of the disk fail until it is mended, or found anew by a broker that is started after a
  /// crash.
  func spoilDisk(_ trouble: DiskTrouble) {
    self.trouble = trouble
    disk.onCall = { trouble.fault(of: $0) }
  }

  /// The disk has room for no more than so many bytes besides.
  func fillDisk(but free: Int) { disk.capacity = disk.usedBytes + free }

  func mendDisk() {
    trouble = nil
    disk.onCall = nil
    disk.capacity = nil
  }

  /// Whether there is a reason for a broker not to start.
  var hasTroubledDisk: Bool { trouble != nil || disk.capacity != nil }

  /// The world is over: whoever lives here dies, and nobody holds anything any more.
  func end() {
    life?.end()
    life = nil
    heldUp = []
    onResume = {}
    onFailure = { _ in }
    mendDisk()
  }

  // MARK: Events

  /// Does something now, or when the node goes on; `orElse` when no broker runs, or no longer the one
  /// that does now.
  func whenRunning(_ action: @escaping () -> Void, orElse: @escaping () -> Void = {}) {
    guard let life else { return orElse() }
    guard isPaused else {
      action()
      return poll()
    }
    heldUp.append { [weak self] in
      if self?.life === life { action() } else { orElse() }
    }
  }

  /// Does something later, in the life that goes on now.
  func after(_ microseconds: Int64, _ action: @escaping () -> Void) {
    let life = life
    world.after(microseconds) { [weak self] in
      guard let self, let now = self.life, now === life else { return }
      whenRunning(action)
    }
  }

  /// Takes up what the broker has handed to the world.
  func poll() {
    guard !isPaused else { return }
    isTouched = true
    life?.poll()
  }

  func accept(_ connection: Connection) -> ServerEnd? { life?.accept(connection) }
}
