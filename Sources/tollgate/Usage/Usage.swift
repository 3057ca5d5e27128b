internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate usage`.
struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a key, a user, a team or an organization has used, and what is left."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "The id of a key.")
    var key: String?

    @Option(help: "The id of a user.")
    var user: String?

    @Option(help: "The id of a team.")
    var team: String?

    @Option(name: .customLong("org"), help: "The id of an organization.")
    var organization: String?

    /// The path of the one that was named.
    private var path: String? {
        let paths = [
            key.map { "/v1/keys/\(ServerAddress.escaped($0))/usage" },
            user.map { UserWord.path(of: $0, "/usage") },
            team.map { TeamWord.path(of: $0, "/usage") },
            organization.map { OrgWord.path(of: $0, "/usage") },
        ].compactMap(\.self)
        return paths.count == 1 ? paths[0] : nil
    }

    func validate() throws {
        guard path != nil else {
            throw ValidationError("name one of --key, --user, --team and --org")
        }
    }

    func run() async throws {
        guard let path else { return }
        let document = try await connection.withClient { client in
            try await client.call(.get, path)
        }
        connection.output.show(document, table: UsageTable.lines)
    }
}

/// Usage as people read it.
enum UsageTable {
    /// A line for each window, and behind them one for each limit.
    static func lines(_ document: JSONValue) -> [String] {
        var windows = Table(["WINDOW", "REQUESTS", "TOKENS", "USD"])
        for name in ["hour", "day", "week", "month", "total", "held"] {
            let amounts = document[name] ?? .null
            windows.add([
                name, amounts.cell("requests"), amounts.cell("tokens"), amounts.cell("cost_usd"),
            ])
        }
        let states = document["limits"]?.elements ?? []
        if states.isEmpty { return windows.lines() }
        var limits = Table(["LIMIT", "LEVEL", "OF", "REMAINING", "RESETS IN"])
        for state in states {
            let reset = state.cell("reset_ms")
            limits.add([
                state.cell("name"), state.cell("level"), state.cell("limit"),
                state.cell("remaining"), reset == "0" ? "" : "\(reset) ms",
            ])
        }
        return windows.lines() + [""] + limits.lines()
    }
}
