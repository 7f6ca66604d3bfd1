/// Why a command could not do its work, in words for whoever typed it. Ends the process with 1.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
