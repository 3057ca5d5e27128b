internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate suppliers`: the endpoints that requests are sent to, and how they are let in there.
struct Suppliers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List suppliers, set them and their credentials, and delete them.",
        subcommands: [SuppliersList.self, SuppliersSet.self, SuppliersDelete.self]
    )
}

/// Suppliers as people read them.
enum SupplierTable {
    /// A line for each supplier of a list.
    static func list(_ document: JSONValue) -> [String] {
        var table = Table(["NAME", "PROVIDER", "REGION", "BASE URL", "CREDENTIAL", "ENABLED"])
        for supplier in document["suppliers"]?.elements ?? [] {
            table.add([
                supplier.cell("name"), supplier.cell("provider"), supplier.cell("region"),
                supplier.cell("base_url"), supplier.cell("credential_type"),
                supplier.cell("enabled"),
            ])
        }
        return table.lines()
    }
}

/// `tollgate suppliers list`.
struct SuppliersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List suppliers, by name if nothing else is said, without credentials."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Only suppliers of this provider.")
    var provider: Filter?

    @Option(help: "Only suppliers in this region.")
    var region: Filter?

    @Option(
        parsing: .unconditional,
        help: "By what: name, provider, region or created_at; - before it: downwards."
    )
    var sort: Filter?

    @Option(help: "How many at most.")
    var limit = 1000

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: "/v1/suppliers",
                member: "suppliers",
                query: [
                    ("provider", provider?.text), ("region", region?.text), ("sort", sort?.text),
                ]
            )
            return try await list.first(limit, after: nil)
        }
        try connection.output.show(document, table: SupplierTable.list)
    }
}

/// `tollgate suppliers delete`.
struct SuppliersDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forget one supplier and its credential for good."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its name.")
    var name: String

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        let path = SupplierPath.of(name)
        try Terminal.confirm("Forget the supplier \(name) and its credential", isConfirmed: yes)
        let document = try await connection.withClient { client in
            try await client.call(.delete, path)
        }
        try connection.output.show(document) { _ in ["\(name) removed"] }
    }
}

/// Where the API has a supplier.
enum SupplierPath {
    static func of(_ name: String) -> String { "/v1/suppliers/\(ServerAddress.escaped(name))" }
}
