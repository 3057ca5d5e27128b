internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin
internal import TollgateServer

/// `tollgate config`: what a server would be started with.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and check what 'serve' would be started with.",
        discussion: "Takes the options of 'serve', and looks at the same variables and file.",
        subcommands: [ConfigPrint.self, ConfigCheck.self]
    )
}

/// The options of `serve`, and what comes together from all three sources.
struct ConfigSources: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "FILE"))
    var config: String?

    @OptionGroup(visibility: .hidden) var settings: ServeSettings

    /// What is set, and what is wrong with it.
    var review: ConfigurationReview {
        let environment = ProcessInfo.processInfo.environment
        return ConfigurationReview(
            flags: settings.values,
            environment: environment,
            file: config ?? environment["TOLLGATE_CONFIG"]
        )
    }
}

/// `tollgate config print`.
struct ConfigPrint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print",
        abstract: "Show every setting, its value, and where that comes from; secrets are masked.",
        discussion: "Exit code 2 when a server could not be started so: what is wrong is said."
    )

    @OptionGroup var sources: ConfigSources

    @Option(help: "table or json.")
    var output = OutputFormat.table

    func run() throws {
        let review = sources.review
        try output.show(ConfigTable.json(review), table: ConfigTable.lines)
        try review.report()
    }
}

/// `tollgate config check`.
struct ConfigCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say everything that is wrong with the settings; exit code 2 if something is."
    )

    @OptionGroup var sources: ConfigSources

    func run() throws {
        try sources.review.report()
        try Terminal.print("the configuration can be used")
    }
}

extension ConfigurationReview {
    /// Says everything that is wrong.
    ///
    /// - Throws: exit code 2 when something is.
    fileprivate func report() throws {
        for problem in problems { Terminal.complain(problem) }
        guard problems.isEmpty else { throw ExitCode(2) }
    }
}

/// Settings as people and programs read them.
enum ConfigTable {
    /// All settings in the order of the manual.
    static func json(_ review: ConfigurationReview) -> JSONValue {
        let settings = review.rows.map { row -> JSONValue in
            [
                "name": .string(row.name),
                "value": row.value.map { .string($0) } ?? .null,
                "source": .string(row.source),
            ]
        }
        return ["settings": .array(settings)]
    }

    /// A line for each.
    static func lines(_ document: JSONValue) -> [String] {
        var table = Table(["SETTING", "VALUE", "SOURCE"])
        for setting in document["settings"]?.elements ?? [] {
            table.add([setting.cell("name"), setting.cell("value"), setting.cell("source")])
        }
        return table.lines()
    }
}
