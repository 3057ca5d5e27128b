internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin

/// A question to the RPC: options named after the fields of `tollgate.v1.CheckRequest`.
struct CheckOptions: ParsableArguments {
    /// The exit code that says: there is an answer, and it is no.
    private static let denied: Int32 = 3

    @Option(help: "The server's address for proxies (TOLLGATE_RPC; default: 127.0.0.1:7411).")
    var rpc: String?

    @Option(help: "The key's secret; better in TOLLGATE_KEY, where other users cannot see it.")
    var key: String?

    @Option(help: "The model to call.")
    var model = ""

    @Option(help: "Where the call is processed.")
    var region = ""

    @Option(help: "Prompt plus the most that may be generated.")
    var tokens: UInt64 = 0

    @Option(help: "Of the tokens, the prompt.")
    var inputTokens: UInt64 = 0

    @Option(help: "Who makes the model: openai.")
    var provider = ""

    @Option(help: "Which of the provider's endpoints is meant: openai-eu.")
    var supplier = ""

    @Option(help: "What is done: chat:completions, embeddings:create.")
    var action = ""

    @Option(help: "The address of the client.")
    var clientIP = ""

    @Option(help: "A name and a value for the audit log: team=search.")
    var metadata: [String] = []

    /// Asks, and prints the answer.
    ///
    /// - Throws: exit code 3 when the answer is no.
    func ask(_ output: OutputFormat, _ edit: (inout CheckQuestion) -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let address = rpc ?? environment["TOLLGATE_RPC"] ?? "127.0.0.1:7411"
        let client = try makeCheckClient(address: address)
        var question = try question(environment)
        edit(&question)
        let answer = try await client.check(question)
        switch output {
        case .json: print(CheckReport.json(answer).text(isIndented: true))
        case .table: for line in CheckReport.lines(answer) { print(line) }
        }
        if !answer.isAllowed { throw ExitCode(CheckOptions.denied) }
    }

    private func question(_ environment: [String: String]) throws(CommandFailure) -> CheckQuestion {
        var question = CheckQuestion()
        question.key = key ?? environment["TOLLGATE_KEY"] ?? ""
        question.model = model
        question.region = region
        question.tokens = tokens
        question.inputTokens = inputTokens
        question.provider = provider
        question.supplier = supplier
        question.action = action
        question.clientIP = clientIP
        question.userAgent = "tollgate/\(Tollgate.version)"
        for member in try MetadataPairs.json(metadata).members {
            question.metadata[member.name] = member.value.string
        }
        return question
    }
}
