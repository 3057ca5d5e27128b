internal import ArgumentParser

/// `tollgate check`: asks the RPC what a proxy would ask.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask whether a key may call a model.",
        discussion: "Exit code 0 when the call may pass, 3 when it is denied, 1 without an answer."
    )

    @OptionGroup var question: CheckOptions

    @Flag(help: "Decide, but count and hold nothing.")
    var dryRun = false

    @Flag(help: "Also say how the decision came about.")
    var explain = false

    @Option(help: "table or json.")
    var output = OutputFormat.table

    func run() async throws {
        try await question.ask(output) { question in
            question.isDryRun = dryRun
            question.wantsExplanation = explain
        }
    }
}
