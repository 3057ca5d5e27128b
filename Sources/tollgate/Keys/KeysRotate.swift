internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys rotate`.
struct KeysRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give a key a new secret and show it, this once.",
        discussion: """
            The id, the limits and what was used stay. The old secret works until the grace is over.
            """
    )

    /// A span of time, or no time at all.
    struct Grace: ExpressibleByArgument, Equatable {
        let seconds: Int64

        init?(argument: String) {
            if argument == "none" {
                seconds = 0
            } else if let span = TimeSpan(argument: argument) {
                seconds = span.seconds
            } else {
                return nil
            }
        }
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument

    @Option(help: "How long the old secret goes on working: 90s, 15m, 24h (the default), or none.")
    var grace: Grace?

    /// What is sent.
    var body: JSONValue {
        grace.map { ["grace": .string("\($0.seconds)s")] } ?? .object([])
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            try await client.call(.post, key.path("/rotate"), body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
        if connection.output == .table {
            Terminal.complain("keep the api_key now: it cannot be shown again")
        }
    }
}
