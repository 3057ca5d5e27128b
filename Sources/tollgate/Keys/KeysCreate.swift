internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys create`.
struct KeysCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a key and show its secret, this once."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var fields: KeyOptions

    func run() async throws {
        let body = try fields.document()
        guard body["name"] != nil else { throw CommandFailure.usage("a key needs a --name") }
        let document = try await connection.withClient { client in
            try await client.call(.post, "/v1/keys", body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
        if connection.output == .table {
            Terminal.complain("keep the api_key now: it cannot be shown again")
        }
    }
}
