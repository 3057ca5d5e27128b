internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate alerts`: what needed somebody's attention.
struct Alerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show alerts, the newest first: limits exceeded, thresholds, refusals, content."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(name: .customLong("key"), help: "Only alerts about this key.")
    var keyID: Filter?

    @Option(help: "Only alerts of this type: key.limit_exceeded.")
    var type: Filter?

    @Option(help: "Only alerts since this time: 2030-01-31T12:00:00Z.")
    var since: Filter?

    @Option(help: "How many at most.")
    var limit = 100

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: "/v1/alerts",
                member: "alerts",
                query: [("key_id", keyID?.text), ("type", type?.text), ("since", since?.text)]
            )
            return try await list.first(limit, after: nil)
        }
        try connection.output.show(document, table: Alerts.table)
    }

    private static func table(_ document: JSONValue) -> [String] {
        var table = Table(["TIME", "TYPE", "KEY", "NAME", "ABOUT"])
        for alert in document["alerts"]?.elements ?? [] {
            let data = alert["data"] ?? .null
            table.add([
                alert.cell("created_at"), alert.cell("type"), alert.cell("key_id"),
                data.cell("key_name"), about(data),
            ])
        }
        return table.lines()
    }

    /// What an alert says, in few words.
    private static func about(_ data: JSONValue) -> String {
        if let limit = data["limit"] {
            let name = "\(limit.cell("level")) \(limit.cell("name"))"
            return data["threshold"] == nil ? name : "\(data.cell("threshold"))% of \(name)"
        }
        if data["rule_number"] != nil {
            return "content rule \(data.cell("rule_number")) \(data.cell("rule"))"
        }
        if data["finding"] == "unusual_use" { return "unusual use" }
        return "\(data.cell("refused_requests")) requests refused"
    }
}
