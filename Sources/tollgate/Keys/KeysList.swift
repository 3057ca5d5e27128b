internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys list`.
struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List keys, the newest first if nothing else is said."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Only keys of this name.")
    var name: Filter?

    @Option(help: "Only keys that are enabled, disabled, revoked or expired.")
    var status: Filter?

    @Option(help: "Only keys of this group.")
    var group: Filter?

    @Option(help: "Only keys that may use this model.")
    var model: Filter?

    @Option(name: .customLong("org"), help: "Only keys of this organization.")
    var organization: Filter?

    @Option(help: "Only keys of this team.")
    var team: Filter?

    @Option(help: "Only keys of this user.")
    var user: Filter?

    @Option(name: [.customShort("q"), .customLong("search")], help: "Only keys that mention this.")
    var search: Filter?

    @Option(
        parsing: .unconditional,
        help: "By what: name, created_at or last_used_at; - before it: downwards."
    )
    var sort: Filter?

    @Option(help: "How many at most.")
    var limit = 100

    @Option(help: "Go on where another list ended: its next_cursor.")
    var cursor: Filter?

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: "/v1/keys",
                member: "keys",
                query: [
                    ("name", name?.text), ("status", status?.text), ("group", group?.text),
                    ("model", model?.text), ("organization_id", organization?.text),
                    ("team_id", team?.text), ("user_id", user?.text), ("q", search?.text),
                    ("sort", sort?.text),
                ]
            )
            return try await list.first(limit, after: cursor?.text)
        }
        try connection.output.show(document, table: KeyTable.list)
        if connection.output == .table, let next = document["next_cursor"]?.string {
            Terminal.complain("there may be more: --limit, or --cursor \(next)")
        }
    }
}
