internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate orgs`: everything that is done with organisations.
struct Orgs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: OrgWord.command,
        abstract: "Create organizations, limit them, and take their payments.",
        subcommands: GroupCommands<OrgWord>.all + [OrgsCredit.self]
    )
}

/// `tollgate teams`: everything that is done with teams.
struct Teams: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: TeamWord.command,
        abstract: "Create teams of an organization, and limit them.",
        subcommands: GroupCommands<TeamWord>.all
    )
}

/// `tollgate users`: everything that is done with users.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: UserWord.command,
        abstract: "Create users of an organization, and limit them.",
        subcommands: GroupCommands<UserWord>.all
    )
}

/// What can be done with a group of every kind.
enum GroupCommands<Word: GroupWord> {
    static var all: [any ParsableCommand.Type] {
        [
            GroupCreate<Word>.self, GroupList<Word>.self, GroupGet<Word>.self,
            GroupUpdate<Word>.self, GroupDelete<Word>.self,
        ]
    }
}

/// The group that a command is about.
struct GroupArgument: ParsableArguments {
    @Argument(help: "Its id.")
    var id: String
}

/// `tollgate orgs create` and its like.
struct GroupCreate<Word: GroupWord>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "create", abstract: "Create one \(Word.noun).")
    }

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Its id, by which keys name it; one is made when this is not said.")
    var id: String?

    @OptionGroup var fields: GroupOptions

    func run() async throws {
        var members = try fields.document().members
        if let id { members.merge(JSONValue.Member("id", .string(id))) }
        guard members.contains(where: { $0.name == "name" || $0.name == "id" }) else {
            throw CommandFailure.usage("a new \(Word.noun) needs a --name or an --id")
        }
        let body = JSONValue.object(members)
        let document = try await connection.withClient { client in
            try await client.call(.post, "/v1/\(Word.plural)", body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}

/// `tollgate orgs list` and its like.
struct GroupList<Word: GroupWord>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list",
            abstract: "List \(Word.plural), by id if nothing else is said."
        )
    }

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Only those of this name.")
    var name: Filter?

    @Option(help: "Only those that are enabled, disabled or deleted.")
    var status: Filter?

    @Option(name: .customLong("org"), help: "Only teams or users of this organization.")
    var organization: Filter?

    @Option(help: "Only users of this team.")
    var team: Filter?

    @Option(
        name: [.customShort("q"), .customLong("search")],
        help: "Only those that mention this."
    )
    var search: Filter?

    @Option(
        parsing: .unconditional,
        help: "By what: id, name or created_at; - before it: downwards."
    )
    var sort: Filter?

    @Option(help: "How many at most.")
    var limit = 100

    @Option(help: "Go on where another list ended: its next_cursor.")
    var cursor: Filter?

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let document = try await connection.withClient { client in
            let list = PagedList(
                client: client,
                path: "/v1/\(Word.plural)",
                member: Word.plural,
                query: [
                    ("name", name?.text), ("status", status?.text),
                    ("organization_id", organization?.text), ("team_id", team?.text),
                    ("q", search?.text), ("sort", sort?.text),
                ]
            )
            return try await list.first(limit, after: cursor?.text)
        }
        try connection.output.show(document, table: Word.table)
        if connection.output == .table, let next = document["next_cursor"]?.string {
            Terminal.complain("there may be more: --limit, or --cursor \(next)")
        }
    }
}

/// `tollgate orgs get` and its like.
struct GroupGet<Word: GroupWord>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "get",
            abstract: "Show one \(Word.noun), what it has used, and what is left."
        )
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var group: GroupArgument

    func run() async throws {
        let document = try await connection.withClient { client in
            try await client.call(.get, Word.path(of: group.id))
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}

/// `tollgate orgs update` and its like.
struct GroupUpdate<Word: GroupWord>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "update",
            abstract: "Change one \(Word.noun); what is not named stays as it is."
        )
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var group: GroupArgument
    @OptionGroup var fields: GroupOptions

    func run() async throws {
        let body = try fields.document()
        guard !body.members.isEmpty else { throw CommandFailure.usage("nothing is to be changed") }
        let document = try await connection.withClient { client in
            try await client.call(.patch, Word.path(of: group.id), body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}

/// `tollgate orgs delete` and its like.
struct GroupDelete<Word: GroupWord>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "delete",
            abstract: "Give one \(Word.noun) up for good: its keys stop working."
        )
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var group: GroupArgument

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        try Terminal.confirm(
            "Delete the \(Word.noun) \(group.id) for good and stop all its keys",
            isConfirmed: yes
        )
        let document = try await connection.withClient { client in
            try await client.call(.delete, Word.path(of: group.id))
        }
        try connection.output.show(document, table: KeyTable.outcome)
    }
}

/// `tollgate orgs credit`.
struct OrgsCredit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credit",
        abstract: "Add a payment to what an organization has paid in advance."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var group: GroupArgument

    @Argument(help: "How much, in USD.")
    var amount: MoneyLimit

    func validate() throws {
        guard amount.json != .null else { throw ValidationError("the amount must be a number") }
    }

    func run() async throws {
        let body: JSONValue = ["amount": amount.json]
        let document = try await connection.withClient { client in
            try await client.call(.post, OrgWord.path(of: group.id, "/credits"), body: body)
        }
        try connection.output.show(document, table: KeyTable.details)
    }
}
