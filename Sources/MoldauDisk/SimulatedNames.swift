#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The directories of a `SimulatedDisk`: the names as they are, the durable ones, and the changes
/// that lead from these to those.
///
/// Each change is atomic. Changes that touch a common name reach the disk in their order, others in
/// any. Guarded by the disk's lock, which is what makes it Sendable.
struct SimulatedNames: @unchecked Sendable {
  /// One name in one directory.
  struct Place {
    var directory: SimulatedDirectory
    var name: String

    var node: SimulatedNode? { directory.entries[name] }
  }

  /// A change of names that the disk may not have seen yet.
  private struct Change {
    var removed: Place?
    var added: Place?
    var node: SimulatedNode

    var places: [Place] { [removed, added].compactMap { $0 } }
  }

  private struct PlaceKey: Hashable {
    var directory: ObjectIdentifier
    var name: String

    init(_ place: Place) {
      directory = ObjectIdentifier(place.directory)
      name = place.name
    }
  }

  private var root = SimulatedDirectory()
  private var pending: [Change] = []
  private let isCrashable: Bool

  init(isCrashable: Bool) {
    self.isCrashable = isCrashable
  }

  // MARK: Looking up

  /// Returns what `path` names; throws ENOENT or ENOTDIR.
  func node(at path: String, call: String) throws(DiskError) -> SimulatedNode {
    let names = try components(of: path, call: call)
    guard let last = names.last else { return .directory(root) }
    let parent = try directory(names.dropLast(), path: path, call: call)
    guard let node = parent.entries[last] else {
      throw DiskError(call: call, path: path, errno: ENOENT)
    }
    return node
  }

  /// Returns the file that `path` names; throws EISDIR for a directory.
  func file(at path: String, call: String) throws(DiskError) -> SimulatedInode {
    guard case .file(let inode) = try node(at: path, call: call) else {
      throw DiskError(call: call, path: path, errno: EISDIR)
    }
    return inode
  }

  /// Returns what kind of thing `path` names; `nil` when nothing is there.
  func kind(of path: String, call: String) throws(DiskError) -> DirectoryEntry.Kind? {
    do throws(DiskError) {
      return try node(at: path, call: call).kind
    } catch {
      guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
      return nil
    }
  }

  /// Returns the directory at `path`; throws ENOENT or ENOTDIR.
  func directory(at path: String, call: String) throws(DiskError) -> SimulatedDirectory {
    guard case .directory(let found) = try node(at: path, call: call) else {
      throw DiskError(call: call, path: path, errno: ENOTDIR)
    }
    return found
  }

  /// Returns the name at `path`, taken or not, in a directory that exists.
  func place(of path: String, call: String) throws(DiskError) -> Place {
    let names = try components(of: path, call: call)
    guard let last = names.last else { throw DiskError(call: call, path: path, errno: EBUSY) }
    return Place(
      directory: try directory(names.dropLast(), path: path, call: call), name: last)
  }

  private func directory(
    _ names: ArraySlice<String>, path: String, call: String
  ) throws(DiskError) -> SimulatedDirectory {
    var current = root
    for name in names {
      switch current.entries[name] {
      case .directory(let next): current = next
      case .file: throw DiskError(call: call, path: path, errno: ENOTDIR)
      case nil: throw DiskError(call: call, path: path, errno: ENOENT)
      }
    }
    return current
  }

  /// A relative path starts at the root too.
  private func components(of path: String, call: String) throws(DiskError) -> [String] {
    if path.utf8.contains(0) { throw DiskError(call: call, path: path, errno: EINVAL) }
    if path.isEmpty { throw DiskError(call: call, path: path, errno: ENOENT) }
    var names: [String] = []
    for part in path.split(separator: "/") where part != "." {
      if part.utf8.count > 255 { throw DiskError(call: call, path: path, errno: ENAMETOOLONG) }
      if part == ".." {
        _ = names.popLast()
      } else {
        names.append(String(part))
      }
    }
    return names
  }

  // MARK: Changing

  mutating func add(_ node: SimulatedNode, at place: Place) {
    place.directory.entries[place.name] = node
    note(Change(removed: nil, added: place, node: node))
  }

  mutating func remove(_ node: SimulatedNode, at place: Place) {
    place.directory.entries[place.name] = nil
    note(Change(removed: place, added: nil, node: node))
  }

  mutating func move(_ node: SimulatedNode, from source: Place, to destination: Place) {
    source.directory.entries[source.name] = nil
    destination.directory.entries[destination.name] = node
    note(Change(removed: source, added: destination, node: node))
  }

  private mutating func note(_ change: Change) {
    if isCrashable { pending.append(change) }
  }

  /// Whether `directory` is `other` or lies below it.
  func isInside(_ directory: SimulatedDirectory, _ other: SimulatedDirectory) -> Bool {
    if directory === other { return true }
    return other.entries.values.contains { node in
      guard case .directory(let child) = node else { return false }
      return isInside(directory, child)
    }
  }

  // MARK: Durability

  /// Makes all names durable.
  mutating func syncAll() {
    for change in pending { makeDurable(change) }
    pending.removeAll()
  }

  /// All files that have a name.
  func allFiles() -> [SimulatedInode] {
    var inodes: [SimulatedInode] = []
    var directories = [root]
    while let directory = directories.popLast() {
      for node in directory.entries.values {
        switch node {
        case .file(let inode): inodes.append(inode)
        case .directory(let child): directories.append(child)
        }
      }
    }
    return inodes
  }

  /// Makes the names in `directory` durable, and the changes that had to come before theirs.
  mutating func sync(_ directory: SimulatedDirectory) {
    var needed: Set<PlaceKey> = []
    var isDurable = Array(repeating: false, count: pending.count)
    for (index, change) in pending.enumerated().reversed() {
      let places = change.places
      guard
        places.contains(where: { $0.directory === directory || needed.contains(PlaceKey($0)) })
      else { continue }
      isDurable[index] = true
      needed.formUnion(places.map(PlaceKey.init))
    }
    var kept: [Change] = []
    for (change, isDurable) in zip(pending, isDurable) {
      guard isDurable else {
        kept.append(change)
        continue
      }
      makeDurable(change)
    }
    pending = kept
  }

  private func makeDurable(_ change: Change) {
    if let removed = change.removed { removed.directory.durableEntries[removed.name] = nil }
    if let added = change.added { added.directory.durableEntries[added.name] = change.node }
  }

  /// The names that a crash leaves, with the files that `copy` makes.
  func survivor(
    _ style: CrashStyle, using generator: inout some RandomNumberGenerator,
    copy: @escaping (SimulatedInode, inout SeededGenerator) throws(DiskError) -> SimulatedInode
  ) throws(DiskError) -> SimulatedNames {
    var overlay: [ObjectIdentifier: [String: SimulatedNode]] = [:]
    for (change, isKept) in zip(pending, choose(style, using: &generator)) where isKept {
      for place in change.places {
        let key = ObjectIdentifier(place.directory)
        overlay[key] = overlay[key] ?? place.directory.durableEntries
      }
      if let removed = change.removed {
        overlay[ObjectIdentifier(removed.directory)]?[removed.name] = nil
      }
      if let added = change.added {
        overlay[ObjectIdentifier(added.directory)]?[added.name] = change.node
      }
    }
    var copier = Copier(
      overlay: overlay, copy: copy, generator: SeededGenerator(seed: generator.next()))
    var left = SimulatedNames(isCrashable: true)
    if style == .keepAll {
      left.root = try copier.copyBoth(root)
      for change in pending {
        left.pending.append(
          Change(
            removed: try change.removed.map { place throws(DiskError) in
              Place(directory: try copier.copyBoth(place.directory), name: place.name)
            },
            added: try change.added.map { place throws(DiskError) in
              Place(directory: try copier.copyBoth(place.directory), name: place.name)
            },
            node: try copier.copyBoth(change.node)))
      }
    } else {
      left.root = try copier.copyOverlaid(root)
    }
    return left
  }

  /// Decides for each pending change whether it reached the disk.
  private func choose(
    _ style: CrashStyle, using generator: inout some RandomNumberGenerator
  ) -> [Bool] {
    switch style {
    case .loseAllUnsynced: return pending.map { _ in false }
    case .keepAll: return pending.map { _ in true }
    case .random, .randomTorn: break
    }
    // Groups of changes that hang together by names, each by its newest member's number.
    var groups: [Int] = []
    var groupOfPlace: [PlaceKey: Int] = [:]
    for (index, change) in pending.enumerated() {
      let keys = change.places.map(PlaceKey.init)
      let joined = Set(keys.compactMap { groupOfPlace[$0] })
      groups.append(index)
      for other in groups.indices where joined.contains(groups[other]) { groups[other] = index }
      for (key, group) in groupOfPlace where joined.contains(group) { groupOfPlace[key] = index }
      for key in keys { groupOfPlace[key] = index }
    }
    var sizes: [Int: Int] = [:]
    for group in groups { sizes[group, default: 0] += 1 }
    var left: [Int: Int] = [:]
    for (group, size) in sizes.sorted(by: { $0.key < $1.key }) {
      left[group] = Int.random(in: 0...size, using: &generator)
    }
    return groups.map { group in
      guard let count = left[group], count > 0 else { return false }
      left[group] = count - 1
      return true
    }
  }

  /// Copies directories, each once, so that names which led to one thing still do.
  private struct Copier {
    let overlay: [ObjectIdentifier: [String: SimulatedNode]]
    let copy: (SimulatedInode, inout SeededGenerator) throws(DiskError) -> SimulatedInode
    var generator: SeededGenerator
    var files: [ObjectIdentifier: SimulatedInode] = [:]
    var directories: [ObjectIdentifier: SimulatedDirectory] = [:]

    /// The names that reached the disk, which are all durable then.
    mutating func copyOverlaid(_ directory: SimulatedDirectory) throws(DiskError)
      -> SimulatedDirectory
    {
      let result = SimulatedDirectory()
      let names = overlay[ObjectIdentifier(directory)] ?? directory.durableEntries
      for (name, node) in names.sorted(by: { $0.key < $1.key }) {
        switch node {
        case .file(let inode): result.entries[name] = .file(try copyFile(inode))
        case .directory(let child): result.entries[name] = .directory(try copyOverlaid(child))
        }
      }
      result.durableEntries = result.entries
      return result
    }

    /// The names as they are and the durable ones.
    mutating func copyBoth(_ directory: SimulatedDirectory) throws(DiskError) -> SimulatedDirectory
    {
      if let known = directories[ObjectIdentifier(directory)] { return known }
      let result = SimulatedDirectory()
      directories[ObjectIdentifier(directory)] = result
      for (name, node) in directory.entries { result.entries[name] = try copyBoth(node) }
      for (name, node) in directory.durableEntries {
        result.durableEntries[name] = try copyBoth(node)
      }
      return result
    }

    mutating func copyBoth(_ node: SimulatedNode) throws(DiskError) -> SimulatedNode {
      switch node {
      case .file(let inode): .file(try copyFile(inode))
      case .directory(let directory): .directory(try copyBoth(directory))
      }
    }

    mutating func copyFile(_ inode: SimulatedInode) throws(DiskError) -> SimulatedInode {
      if let known = files[ObjectIdentifier(inode)] { return known }
      let result = try copy(inode, &generator)
      files[ObjectIdentifier(inode)] = result
      return result
    }
  }
}
