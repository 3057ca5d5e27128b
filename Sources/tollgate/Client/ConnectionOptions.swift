internal import ArgumentParser
internal import Foundation

/// Where the server is and who asks.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server's management address, or unix:/path (TOLLGATE_URL; default: \(defaultURL)).",
            valueName: "url"
        )
    )
    var url: String?

    @Option(
        help: ArgumentHelp(
            "A key with permissions; better in TOLLGATE_ADMIN_KEY, where other users cannot see it.",
            valueName: "secret"
        )
    )
    var adminKey: String?

    @OptionGroup var tls: TLSOptions

    private static let defaultURL = "http://127.0.0.1:7412"

    /// Runs a body with a client of the server.
    ///
    /// - Throws: exit code 2 when the address cannot be one or there is no key.
    func withClient<Value>(_ body: (APIClient) async throws -> Value) async throws -> Value {
        let environment = ProcessInfo.processInfo.environment
        let address = url ?? environment["TOLLGATE_URL"] ?? ServerOptions.defaultURL
        guard let key = adminKey ?? environment["TOLLGATE_ADMIN_KEY"], !key.isEmpty else {
            throw CommandFailure.usage("no key: set TOLLGATE_ADMIN_KEY or give --admin-key")
        }
        let client = try APIClient(
            address: address,
            key: key,
            tls: tls.files(environment)
        )
        do {
            let value = try await body(client)
            // What was answered may be the only copy of a secret: it is not given up for this.
            try? await client.close()
            return value
        } catch {
            try? await client.close()
            throw (error as? APIClient.Trouble)?.failure ?? error
        }
    }
}

/// The options of every command that manages a server.
struct ConnectionOptions: ParsableArguments {
    @OptionGroup var server: ServerOptions

    @Option(help: "table or json.")
    var output = OutputFormat.table

    /// Runs a body with a client of the server.
    ///
    /// - Throws: exit code 2 when the address cannot be one or there is no key.
    func withClient<Value>(_ body: (APIClient) async throws -> Value) async throws -> Value {
        try await server.withClient(body)
    }
}
