internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate usage`.
struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was used: by one subject, with what is left, or by all, in groups.",
        discussion: """
            With --key, --user, --team or --org: what counts on limits now. Without: what recorded \
            requests have used, exact to the audit trail.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "The id of a key.")
    var key: Filter?

    @Option(help: "The id of a user.")
    var user: Filter?

    @Option(help: "The id of a team.")
    var team: Filter?

    @Option(name: .customLong("org"), help: "The id of an organization.")
    var organization: Filter?

    @Option(help: "Break down by some of key, model, team and day, with commas between.")
    var groupBy: WordList?

    @Option(help: "Not before this time, or so long ago: 2030-01-31T12:00:00Z, 90m, 7d.")
    var since: Filter?

    @Option(help: "Before this time, or so long ago.")
    var until: Filter?

    /// The path of the one that was named; nil for all.
    private var path: String? {
        let paths = [
            key.map { "/v1/keys/\(ServerAddress.escaped($0.text))/usage" },
            user.map { UserWord.path(of: $0.text, "/usage") },
            team.map { TeamWord.path(of: $0.text, "/usage") },
            organization.map { OrgWord.path(of: $0.text, "/usage") },
        ].compactMap(\.self)
        return paths.count == 1 ? paths[0] : nil
    }

    func validate() throws {
        let named = [key, user, team, organization].compactMap(\.self).count
        guard named <= 1 else {
            throw ValidationError("name at most one of --key, --user, --team and --org")
        }
        guard named == 0 || (groupBy == nil && since == nil && until == nil) else {
            throw ValidationError("--group-by, --since and --until are for all usage")
        }
    }

    func run() async throws {
        guard let path else { return try await showAll() }
        let document = try await connection.withClient { client in
            try await client.call(.get, path)
        }
        try connection.output.show(document, table: UsageTable.lines)
    }

    private func showAll() async throws {
        let query = [
            ("group_by", groupBy?.words.joined(separator: ",")),
            ("since", since.map(Audit.time)),
            ("until", until.map(Audit.time)),
        ]
        let document = try await connection.withClient { client in
            try await client.call(.get, "/v1/usage", query: query)
        }
        try connection.output.show(document, table: UsageReport.lines)
    }
}

/// Usage of all, in groups, as people read it.
enum UsageReport {
    private static let names = ["day", "team_id", "key_id", "model"]
    private static let columns = [
        ("REQUESTS", "requests"), ("DENIED", "denied_requests"), ("INPUT", "input_tokens"),
        ("OUTPUT", "output_tokens"), ("TOKENS", "tokens"), ("USD", "cost_usd"),
    ]

    /// A line for each group, and one for all.
    static func lines(_ document: JSONValue) -> [String] {
        let groups = document["groups"]?.elements ?? []
        let used = names.filter { name in groups.contains { $0[name] != nil } }
        let headings = used.isEmpty ? [""] : used.map { $0.replacing("_id", with: "").uppercased() }
        var table = Table(headings + columns.map(\.0))
        for group in groups {
            table.add(used.map { group.cell($0) } + columns.map { group.cell($0.1) })
        }
        let total = document["total"] ?? .null
        let rest = [String](repeating: "", count: max(used.count, 1) - 1)
        table.add(["all"] + rest + columns.map { total.cell($0.1) })
        return table.lines()
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
