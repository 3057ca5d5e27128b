internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate webhooks`: whom to tell what happens to keys.
struct Webhooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Manage webhooks: who is told what happens to keys.",
        subcommands: [
            WebhooksList.self, WebhooksCreate.self, WebhooksGet.self, WebhooksUpdate.self,
            WebhooksDelete.self, WebhooksTest.self, WebhooksDeliveries.self,
        ]
    )
}

/// Webhooks as people read them.
enum WebhookTable {
    /// A line for each webhook of a list.
    static func list(_ document: JSONValue) -> [String] {
        var table = Table(["ID", "URL", "EVENTS", "ENABLED", "DESCRIPTION"])
        for webhook in document["webhooks"]?.elements ?? [] {
            let events = webhook["events"]?.elements ?? []
            table.add([
                webhook.cell("id"), webhook.cell("url"),
                events.isEmpty ? "all" : "\(events.count)", webhook.cell("enabled"),
                webhook.cell("description"),
            ])
        }
        return table.lines()
    }

    /// A line for each attempt of a list.
    static func deliveries(_ document: JSONValue) -> [String] {
        var table = Table(["TIME", "EVENT", "TYPE", "ATTEMPT", "OUTCOME", "STATUS", "NEXT"])
        for attempt in document["deliveries"]?.elements ?? [] {
            table.add([
                attempt.cell("time"), attempt.cell("event_id"), attempt.cell("type"),
                attempt.cell("attempt"), attempt.cell("outcome"), attempt.cell("status"),
                attempt.cell("next_attempt_at"),
            ])
        }
        return table.lines()
    }

    /// Tells whoever was shown a secret that it was for the only time.
    static func warn(of document: JSONValue) {
        guard document["secret"] != nil else { return }
        Terminal.complain("keep the secret now: it cannot be shown again")
    }

    /// Where the API has a webhook.
    static func path(of id: String) -> String { "/v1/webhooks/\(ServerAddress.escaped(id))" }
}

/// `tollgate webhooks list`.
struct WebhooksList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List webhooks, the oldest first; secrets are never shown."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "How many at most.")
    var limit = 1000

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: "/v1/webhooks",
                member: "webhooks",
                query: []
            )
            return try await list.first(limit, after: nil)
        }
        try connection.output.show(document, table: WebhookTable.list)
    }
}

/// `tollgate webhooks get`.
struct WebhooksGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one webhook, without its secret."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its id.")
    var id: String

    func run() async throws {
        let document = try await connection.withClient { client in
            try await client.call(.get, WebhookTable.path(of: id))
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}

/// `tollgate webhooks delete`.
struct WebhooksDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forget one webhook and its secret for good."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its id.")
    var id: String

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        try Terminal.confirm("Forget the webhook \(id) and its secret", isConfirmed: yes)
        let document = try await connection.withClient { client in
            try await client.call(.delete, WebhookTable.path(of: id))
        }
        try connection.output.show(document) { _ in ["\(id) removed"] }
    }
}

/// `tollgate webhooks test`.
struct WebhooksTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a signed test to one webhook, and show what came of it."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its id.")
    var id: String

    func run() async throws {
        let document = try await connection.withClient { client in
            try await client.call(.post, WebhookTable.path(of: id) + "/test")
        }
        try connection.output.show(document, table: KeyTable.details)
        guard document["outcome"]?.string == "delivered" else {
            throw CommandFailure.failed("the test was not delivered")
        }
    }
}

/// `tollgate webhooks deliveries`.
struct WebhooksDeliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Show what came of the last attempts to deliver to one webhook."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "How many at most.")
    var limit = 20

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: WebhookTable.path(of: id) + "/deliveries",
                member: "deliveries",
                query: []
            )
            return try await list.first(limit, after: nil)
        }
        try connection.output.show(document, table: WebhookTable.deliveries)
    }
}
