internal import ArgumentParser

/// `tollgate keys get`.
struct KeysGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show everything about a key but its secret."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument

    func run() async throws {
        let document = try await connection.withClient { client in
            try await client.call(.get, key.path())
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}
