internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate models`: what models there are, and what they cost.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List models and their prices, and import them.",
        subcommands: [ModelsList.self, ModelsImport.self]
    )
}

/// Models as people read them.
enum ModelTable {
    /// A line for each model of a list; prices in USD for a million tokens.
    static func list(_ document: JSONValue) -> [String] {
        var table = Table(["ID", "PROVIDER", "INPUT", "OUTPUT", "CACHED", "MAX OUTPUT"])
        for model in document["models"]?.elements ?? [] {
            table.add([
                model.cell("id"), model.cell("provider"), model.cell("input_price"),
                model.cell("output_price"), model.cell("cached_input_price"),
                model.cell("max_output_tokens"),
            ])
        }
        return table.lines()
    }
}

/// `tollgate models list`.
struct ModelsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List models by id; prices are in USD for a million tokens."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Only models of this provider.")
    var provider: Filter?

    @Option(name: [.customShort("q"), .customLong("search")], help: "Only models so called.")
    var search: Filter?

    @Option(help: "How many at most.")
    var limit = 1000

    @Option(help: "Go on where another list ended: its next_cursor.")
    var cursor: Filter?

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: "/v1/models",
                member: "models",
                query: [("provider", provider?.text), ("q", search?.text)]
            )
            return try await list.first(limit, after: cursor?.text)
        }
        try connection.output.show(document, table: ModelTable.list)
        if connection.output == .table, let next = document["next_cursor"]?.string {
            Terminal.complain("there may be more: --limit, or --cursor \(next)")
        }
    }
}
