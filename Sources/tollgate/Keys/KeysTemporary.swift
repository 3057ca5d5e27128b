internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys temporary`.
struct KeysTemporary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "temporary",
        abstract: "Create a key that ends by itself, and show its secret, this once."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "The session that it belongs to, and ends with.")
    var sessionId: String?

    @OptionGroup var fields: KeyOptions

    /// The fields as the API takes them.
    func document() throws(CommandFailure) -> JSONValue {
        var members = try fields.document().members
        if let sessionId { members.merge(JSONValue.Member("session_id", .string(sessionId))) }
        let names = members.map(\.name)
        guard names.contains("expires_in") || names.contains("expires_at") else {
            throw .usage("a temporary key needs --expires-in or --expires-at")
        }
        return .object(members)
    }

    func run() async throws {
        let body = try document()
        let document = try await connection.withClient { client in
            try await client.call(.post, "/v1/keys/temporary", body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
        if connection.output == .table {
            Terminal.complain("keep the api_key now: it cannot be shown again")
        }
    }
}
