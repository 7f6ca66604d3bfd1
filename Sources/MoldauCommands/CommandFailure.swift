/// Why a command could not do its work, in words for whoever typed it. Ends the process with 1.
package struct CommandFailure: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// What an argument should look like; the command line is wrong, which ends the process with 64.
package struct ArgumentFailure: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
