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
    var provider: String?

    @Flag(help: "Show what would be imported, and import nothing.")
    var dryRun = false

    /// How many models are sent at once: far less than the API takes as one body.
    private static let batch = 500

    func run() async throws {
        let (models, skipped) = try read()
        if !dryRun {
            var progress = ProgressLine("import")
            defer { progress.finish() }
            try await connection.withClient { client in
                for start in stride(from: 0, to: models.count, by: ModelsImport.batch) {
                    let part = models[start..<min(start + ModelsImport.batch, models.count)]
                    _ = try await client.call(
                        .put,
                        "/v1/models",
                        body: ["models": .array(Array(part))]
                    )
                    progress.show(part.endIndex, of: models.count)
                }
            }
        }
        let document: JSONValue = [
            "imported": .integer(Int64(dryRun ? 0 : models.count)),
            "skipped": .integer(Int64(skipped)), "models": .array(dryRun ? models : []),
        ]
        connection.output.show(document) { document in
            dryRun
                ? ModelTable.list(document)
                : ["\(models.count) models imported, \(skipped) without prices for tokens skipped"]
        }
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
        if let provider { models.removeAll { $0["provider"]?.string != provider } }
        guard !models.isEmpty else { throw .failed("\(file) holds no models to import") }
        return (models, skipped)
    }
}
