internal import ArgumentParser

/// `tollgate completions`: what a shell needs to know to complete command lines.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a script that has a shell complete command lines.",
        discussion: """
            bash:  tollgate completions bash > /etc/bash_completion.d/tollgate
            zsh:   tollgate completions zsh > \"${fpath[1]}/_tollgate\"
            fish:  tollgate completions fish > ~/.config/fish/completions/tollgate.fish
            """
    )

    /// The shells that are known.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try Terminal.print(Tollgate.completionScript(for: known))
    }
}
