internal import ArgumentParser
internal import Foundation
internal import TollgateServer

/// `tollgate serve`: the server.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve checks to proxies, and management over HTTP.",
        discussion: """
            Every option can also be set by a variable, TOLLGATE_ and the option's name in capitals \
            with underscores, or by the option's name as a key in the configuration file. Options \
            win over variables, variables over the file.
            """
    )

    @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "FILE"))
    var config: String?

    @OptionGroup var settings: ServeSettings

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration: ServerConfiguration
        do {
            let values = try SettingValues(
                flags: settings.values,
                environment: environment,
                file: config ?? environment["TOLLGATE_CONFIG"]
            )
            configuration = try ServerConfiguration(values)
        } catch {
            throw CommandFailure.usage("\(error)")
        }
        Logs.start(configuration)
        try await Server(configuration).run { line in
            try StandardOutput.write(line: line)
        }
    }
}
