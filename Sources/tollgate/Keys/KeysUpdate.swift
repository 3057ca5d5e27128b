internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys update`.
struct KeysUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a key; what is not named stays as it is.",
        discussion: """
            A list that is named replaces the old one; none takes it away, or a limit. --json with null \
            empties any field.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument
    @OptionGroup var fields: KeyOptions

    func run() async throws {
        let body = try fields.document()
        guard !body.members.isEmpty else { throw CommandFailure.usage("nothing is to be changed") }
        let document = try await connection.withClient { client in
            try await client.call(.patch, key.path(), body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}
