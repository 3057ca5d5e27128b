internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate suppliers set`.
struct SuppliersSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Add one supplier, or change it.",
        discussion: """
            With --provider and --base-url the supplier is added, or replaced by what is said; its \
            credential stays unless another is given. Without one of them, the supplier that is \
            there is changed. The credential is read from a file or from standard input, never from \
            the command line, which others can see.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Its name, as requests and models have it.")
    var name: String

    @Option(help: "Whose endpoint it is: openai.")
    var provider: String?

    @Option(help: "Where it is: https://eu.api.openai.com/v1.")
    var baseURL: String?

    @Option(help: "Where it computes.")
    var region: String?

    @Option(help: "What host says to it, unless that is the host of the URL.")
    var hostHeader: String?

    @Option(
        name: .customLong("model"),
        help: "A model that it serves; may be repeated; none for no list."
    )
    var models: [WordList] = []

    @Option(help: "A file with the credential on its first line; - for standard input.")
    var credentialFile: String?

    @Option(help: "bearer, basic (user:password) or header.")
    var credentialType = "bearer"

    @Option(help: "With the type header: which.")
    var credentialHeader: String?

    @Flag(help: "Forget the credential.")
    var noCredential = false

    @Flag(help: "Let requests be sent there.")
    var enable = false

    @Flag(help: "Let no requests be sent there.")
    var disable = false

    func validate() throws {
        if enable && disable {
            throw ValidationError("--enable and --disable contradict each other")
        }
    }

    func run() async throws {
        let path = SupplierPath.of(name)
        let members = try fields()
        let isWhole = provider != nil && baseURL != nil
        guard !members.isEmpty else { throw CommandFailure.usage("nothing is to be changed") }
        let document = try await connection.withClient { client in
            guard isWhole else {
                return try await client.call(.patch, path, body: .object(members))
            }
            let supplier = JSONValue.object([.init("name", .string(name))] + members)
            return try await client.call(
                .put,
                "/v1/suppliers",
                body: ["suppliers": .array([supplier])]
            )
        }
        let shown = document["suppliers"]?.elements.first ?? document
        try connection.output.show(shown, table: KeyTable.details)
    }

    private func fields() throws(CommandFailure) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ text: String?) {
            if let text { members.append(.init(name, .string(text))) }
        }
        add("provider", provider)
        add("base_url", baseURL)
        add("region", region)
        add("host_header", hostHeader)
        if let models = models.json { members.append(.init("models", models)) }
        if enable || disable { members.append(.init("enabled", .bool(enable))) }
        guard !noCredential else {
            guard credentialFile == nil else {
                throw .usage("--no-credential and --credential-file contradict each other")
            }
            return members + [.init("credential", .null)]
        }
        guard let credentialFile else { return members }
        var credential = [
            JSONValue.Member("type", .string(credentialType)),
            JSONValue.Member("value", .string(try SecretFile.firstLine(of: credentialFile))),
        ]
        if let credentialHeader { credential.append(.init("header", .string(credentialHeader))) }
        return members + [.init("credential", .object(credential))]
    }
}
