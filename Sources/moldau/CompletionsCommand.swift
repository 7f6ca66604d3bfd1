import ArgumentParser

/// `moldau completions`
struct CompletionsCommand: ParsableCommand {
  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Print a script with which a shell completes commands, options and topics.",
    discussion: """
      bash: moldau completions bash > /etc/bash_completion.d/moldau
      zsh:  moldau completions zsh > ~/.zfunc/_moldau (a folder of $fpath)
      fish: moldau completions fish > ~/.config/fish/completions/moldau.fish
      """)

  @Argument(help: "The shell: bash, zsh or fish.")
  var shell: Shell

  func run() {
    let kind: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    print(Moldau.completionScript(for: kind))
  }
}
