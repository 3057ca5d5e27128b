internal import ArgumentParser
internal import TollgateAdmin

/// What a webhook is to be, as `create` and `update` take it.
struct WebhookOptions: ParsableArguments {
    @Option(help: "What it is for.")
    var description: String?

    @Option(
        name: .customLong("event"),
        help: "An event that is sent; may be repeated; none for no list: every event."
    )
    var events: [WordList] = []

    @Option(name: .customLong("org"), help: "Only what concerns keys of this organization.")
    var organization: String?

    @Option(help: "Only what concerns keys of this team.")
    var team: String?

    @Option(help: "A file with the secret on its first line; - for standard input.")
    var secretFile: String?

    /// The fields of a body.
    func fields() throws(CommandFailure) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ text: String?) {
            if let text { members.append(.init(name, .string(text))) }
        }
        add("description", description)
        add("organization_id", organization)
        add("team_id", team)
        if let events = events.json { members.append(.init("events", events)) }
        if let secretFile { add("secret", try SecretFile.firstLine(of: secretFile)) }
        return members
    }
}

/// `tollgate webhooks create`.
struct WebhooksCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a webhook; its secret is shown this once."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Where notices are sent: https://hooks.example.com/tollgate.")
    var address: String

    @OptionGroup var options: WebhookOptions

    func run() async throws {
        let members = try [JSONValue.Member("url", .string(address))] + options.fields()
        let document = try await connection.withClient { client in
            try await client.call(.post, "/v1/webhooks", body: .object(members))
        }
        try connection.output.show(document, table: KeyTable.details)
        if connection.output == .table { WebhookTable.warn(of: document) }
    }
}

/// `tollgate webhooks update`.
struct WebhooksUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change one webhook: what is not said stays as it is."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "Where notices are sent.")
    var address: String?

    @OptionGroup var options: WebhookOptions

    @Flag(help: "Send every event.")
    var allEvents = false

    @Flag(help: "Make another secret, which is shown this once.")
    var newSecret = false

    @Flag(help: "Send notices there.")
    var enable = false

    @Flag(help: "Send no notices there.")
    var disable = false

    func validate() throws {
        if enable && disable {
            throw ValidationError("--enable and --disable contradict each other")
        }
        if newSecret && options.secretFile != nil {
            throw ValidationError("--new-secret and --secret-file contradict each other")
        }
        if allEvents && !options.events.isEmpty {
            throw ValidationError("--all-events and --event contradict each other")
        }
    }

    func run() async throws {
        var members = try options.fields()
        if let address { members.append(.init("url", .string(address))) }
        if allEvents { members.append(.init("events", .null)) }
        if newSecret { members.append(.init("secret", .null)) }
        if enable || disable { members.append(.init("enabled", .bool(enable))) }
        guard !members.isEmpty else { throw CommandFailure.usage("nothing is to be changed") }
        let body = JSONValue.object(members)
        let document = try await connection.withClient { client in
            try await client.call(.patch, WebhookTable.path(of: id), body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
        if connection.output == .table { WebhookTable.warn(of: document) }
    }
}
