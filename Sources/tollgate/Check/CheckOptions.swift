internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin

/// A question to the RPC: options named after the fields of `tollgate.v1.CheckRequest`.
struct CheckOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server's address for proxies: host:port, https://host:port where it speaks TLS, or "
                + "unix:/path (TOLLGATE_RPC; default: 127.0.0.1:7411).",
            valueName: "address"
        )
    )
    var rpc: String?

    @OptionGroup var tls: TLSOptions

    @Option(help: "The key's secret; better in TOLLGATE_KEY, where other users cannot see it.")
    var key: String?

    @OptionGroup var request: RequestOptions

    @Option(help: "A name and a value for the audit log: team=search.")
    var metadata: [String] = []

    /// Asks, and prints the answer.
    ///
    /// - Throws: exit code 3 when the answer is no.
    func ask(_ output: OutputFormat, _ edit: (inout CheckQuestion) -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let address = rpc ?? environment["TOLLGATE_RPC"] ?? "127.0.0.1:7411"
        let client = try makeCheckClient(address: address, tls: tls.files(environment))
        var question = try question(environment)
        edit(&question)
        let answer = try await client.check(question)
        try output.show(CheckReport.json(answer)) { _ in CheckReport.lines(answer) }
        if !answer.isAllowed { throw ExitCode.denied }
    }

    private func question(_ environment: [String: String]) throws(CommandFailure) -> CheckQuestion {
        var question = CheckQuestion()
        question.key = key ?? environment["TOLLGATE_KEY"] ?? ""
        question.model = request.model
        question.region = request.region
        question.tokens = request.tokens
        question.inputTokens = request.inputTokens
        question.provider = request.provider
        question.supplier = request.supplier
        question.action = request.action
        question.clientIP = request.clientIP
        question.userAgent = "tollgate/\(Tollgate.version)"
        for member in try MetadataPairs.json(metadata).members {
            question.metadata[member.name] = member.value.string
        }
        return question
    }
}

extension ExitCode {
    /// There is an answer, and it is no.
    static let denied = ExitCode(3)
}
