internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate models import`.
struct ModelsImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Add models from a file, or replace those of the same ids.",
        discussion: """
            The file is {"models":[…]} as the API has it, or LiteLLM's \
            model_prices_and_context_window.json, of which entries without prices for tokens are \
            skipped.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The file, - for standard input.")
    var file: String

    @Option(help: "Only models of this provider.")
    var provider: Filter?

    @Flag(help: "Show what would be imported, and import nothing.")
    var dryRun = false

    /// How many models are sent at once: far less than the API takes as one body.
    private static let batch = 500

    func run() async throws {
        let (models, skipped) = try read()
        let stop = try await dryRun ? nil : send(models)
        let imported = dryRun ? 0 : stop?.batch.lowerBound ?? models.count
        let document: JSONValue = [
            "imported": .integer(Int64(imported)),
            "skipped": .integer(Int64(skipped)), "models": .array(dryRun ? models : []),
        ]
        if stop == nil || imported > 0 {
            try connection.output.show(document) { document in
                dryRun
                    ? ModelTable.list(document)
                    : ["\(imported) models imported, \(skipped) without prices for tokens skipped"]
            }
        }
        if let stop { throw CommandFailure.failed(ModelsImport.sentence(stop)) }
    }

    private func send(_ models: [JSONValue]) async throws -> Batches.Stop? {
        let batches = Batches(name: "import", size: ModelsImport.batch)
        return try await connection.withClient { client in
            await batches.send(models) { batch in
                let body: JSONValue = ["models": .array(Array(batch))]
                _ = try await client.call(.put, "/v1/models", body: body)
            }
        }
    }

    /// What became of an import that ended before its time, and why.
    static func sentence(_ stop: Batches.Stop) -> String {
        let first = stop.batch.lowerBound
        // The server counts from the start of the call, people from the start of the file.
        let message = stop.message.replacing(/\bmodels\[([0-9]+)\]/) { match in
            "models[\((Int(match.output.1) ?? 0) &+ first)]"
        }
        let known = first == 0 ? "" : "the first \(first) models were imported, then: "
        return stop.isUncertain
            ? "\(known)it is not known whether the next \(stop.batch.count) were: \(message)"
            : known + message
    }

    /// The models of the file, and how many of its entries are none.
    private func read() throws(CommandFailure) -> (models: [JSONValue], skipped: Int) {
        let members = try JSONFile.members(file)
        var models: [JSONValue]
        var skipped = 0
        if case .array(let elements)? = members.first(where: { $0.name == "models" })?.value {
            models = elements
        } else {
            let prices = LiteLLMPrices(members)
            (models, skipped) = (prices.models, prices.skipped)
        }
        if let provider { models.removeAll { $0["provider"]?.string != provider.text } }
        guard !models.isEmpty else { throw .failed("\(file) holds no models to import") }
        return (models, skipped)
    }
}
