internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate policy`: why a key may do something or not.
struct Policy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find out why a key may call a model, or why not.",
        subcommands: [PolicyExplain.self]
    )
}

/// `tollgate policy explain`.
struct PolicyExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show how a decision comes about; nothing is counted and nothing held.",
        discussion: """
            Exit code 0 when the call may pass, 3 when it would be denied. Whoever manages the key and \
            does not have its secret asks with keys simulate.
            """
    )

    @OptionGroup var question: CheckOptions

    @Option(help: "table or json.")
    var output = OutputFormat.table

    func run() async throws {
        try await question.ask(output) { question in
            question.isDryRun = true
            question.wantsExplanation = true
        }
    }
}
