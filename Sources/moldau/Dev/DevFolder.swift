import MoldauDisk

/// Where the data of a development cluster lies.
struct DevFolder {
  let path: String
  private let isTemporary: Bool

  /// - Parameter given: the folder to keep; nil makes a temporary one.
  init(_ given: String?) throws {
    isTemporary = given == nil
    guard let given else {
      path = try TemporaryFolder.make("moldau-dev")
      return
    }
    do throws(DiskError) { try SystemDisk().makeDirectories(given) } catch {
      throw CommandFailure("\(given) cannot be made: \(error)")
    }
    path = given
  }

  func removeIfTemporary() {
    guard isTemporary else { return }
    do throws(DiskError) { try SystemDisk().removeFolder(path) } catch {
      StandardError.print("\(path) could not be removed: \(error)")
    }
  }
}
