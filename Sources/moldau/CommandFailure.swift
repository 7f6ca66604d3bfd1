import MoldauCommands

/// Why a command could not do its work, in words for whoever typed it. Ends the process with 1.
typealias CommandFailure = MoldauCommands.CommandFailure
