internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys simulate`.
struct KeysSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Show what a key would be answered, now or later, without its secret.",
        discussion: """
            Nothing is counted, held or recorded. Exit code 0 when the call would pass, 3 when it would \
            be denied.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument
    @OptionGroup var request: RequestOptions

    @Option(help: "When the call comes: 2030-01-31T12:00:00Z; now if not said.")
    var at: String?

    @Option(
        help: "A text of the call, for the key's content rules; they are not asked if not said."
    )
    var content: String?

    /// What is sent.
    var body: JSONValue {
        var members = request.document.members
        if let at { members.append(JSONValue.Member("at", .string(at))) }
        if let content { members.append(JSONValue.Member("content", .string(content))) }
        return .object(members)
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            try await client.call(.post, key.path("/simulate"), body: body)
        }
        try connection.output.show(document, table: SimulationReport.lines)
        if document["allowed"] != true { throw ExitCode.denied }
    }
}

/// A decision that was only tried, as people read it.
enum SimulationReport {
    /// The verdict, what it rests on, and what is left.
    static func lines(_ document: JSONValue) -> [String] {
        let isAllowed = document["allowed"] == true
        var lines = [
            Terminal.printable(
                isAllowed ? "would be allowed" : "would be denied: \(document.cell("message"))"
            )
        ]
        var facts = Table(["FIELD", "VALUE"])
        let fields = [
            "reason", "monitored_reason", "http_status", "at", "retry_after_ms",
            "affordable_tokens",
            "reserved_tokens", "reserved_cost_usd",
        ]
        for name in fields where !["", "0"].contains(document.cell(name)) {
            facts.add([name, document.cell(name)])
        }
        lines += facts.lines(withHeadings: false)
        let states = document["limits"]?.elements ?? []
        if !states.isEmpty {
            var limits = Table(["LIMIT", "LEVEL", "OF", "REMAINING", "RESETS IN"])
            for state in states {
                limits.add([
                    state.cell("name"), state.cell("level"), state.cell("limit"),
                    state.cell("remaining"), "\(state.cell("reset_ms")) ms",
                ])
            }
            lines += [""] + limits.lines()
        }
        let explanation = document["explanation"]?.elements.map(\.cell) ?? []
        return lines + [""] + explanation.map { Terminal.printable($0) }
    }
}
