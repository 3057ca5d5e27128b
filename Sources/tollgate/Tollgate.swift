internal import ArgumentParser
internal import Glibc
internal import TollgateServer

/// The program: what the first word of its command line may be.
struct Tollgate: AsyncParsableCommand {
    /// The version, as `--version` and `/metrics` say it.
    static let version = Version.current

    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "May this key call that model, here, for so many tokens?",
        discussion: """
            'serve' answers proxies that ask so; the other commands manage the keys, limits and \
            prices of a server and read what was used. They find it by --url or TOLLGATE_URL, and show it the key in \
            TOLLGATE_ADMIN_KEY or --admin-key.
            """,
        version: "tollgate \(version)",
        subcommands: [
            Serve.self, Keys.self, Orgs.self, Teams.self, Users.self, Usage.self, Audit.self,
            Models.self, Suppliers.self, Webhooks.self, Alerts.self, Policy.self, Check.self,
            Verify.self, Backup.self,
            Restore.self, Config.self, Completions.self,
        ]
    )

    /// Runs what the command line asks for and ends the process with the exit code that scripts
    /// rely on: 0 for success, 1 for a failure, 2 for a command line that cannot be.
    static func runProgram() async -> Never {
        StandardOutput.prepare()
        do {
            let words = NegativeNumbers.tied(Array(CommandLine.arguments.dropFirst()))
            let arguments = ServeSettings.spellingOut(words)
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Glibc.exit(0)
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        if let failure = error as? CommandFailure {
            Terminal.complain(failure.message)
            Glibc.exit(failure.exitCode)
        }
        switch exitCode(for: error) {
        case .success:
            do {
                try Terminal.print(fullMessage(for: error))
            } catch {
                end(with: error)
            }
            Glibc.exit(0)
        case .validationFailure:
            Terminal.complain(message(for: error))
            Glibc.exit(2)
        case let code:
            let message = message(for: error)
            if !message.isEmpty { Terminal.complain(message) }
            Glibc.exit(code.rawValue)
        }
    }
}

/// Why a command did not do what it was asked to.
struct CommandFailure: Error, Equatable {
    /// One line for the person who typed the command; never a secret.
    let message: String
    let exitCode: Int32

    /// The command could not be carried out.
    static func failed(_ message: String) -> CommandFailure {
        CommandFailure(message: message, exitCode: 1)
    }

    /// The command line cannot be.
    static func usage(_ message: String) -> CommandFailure {
        CommandFailure(message: message, exitCode: 2)
    }
}
