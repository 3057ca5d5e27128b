/// Envoy's question, over and over, beside an empty file from `nghttpd`.
struct ChecksScenario: Scenario {
    let name = "checks"
    let summary = "Envoy's question over and over, with key lookup, policy and journal"
    let countsInstructions = false

    private static let loads = [
        Load(connections: 1, streams: 1),
        Load(connections: 8, streams: 10),
        Load(connections: 64, streams: 10),
    ]

    func run(on workbench: Workbench) throws -> [String] {
        let check = EnvoyCheck(secret: workbench.secrets.good, model: SeededStore.allowedModel)
        let tollgate = try workbench.startTollgate()
        let nghttpd = try workbench.startNghttpd()
        defer {
            tollgate.process.stop()
            nghttpd.process.stop()
        }
        var comparison = Comparison(
            of: Contender(tollgate, answerLength: try workbench.verifyAnswers(of: tollgate)),
            with: Contender(nghttpd, answerLength: 0),
            generator: try workbench.load(asking: check)
        )
        for round in 0..<workbench.settings.rounds {
            for load in ChecksScenario.loads {
                try comparison.measure(load, round: round, seconds: workbench.settings.seconds)
            }
        }
        try workbench.verifyAnswers(of: tollgate)
        return [
            comparison.table.description,
            "Medians of \(workbench.settings.rounds) rounds, in brackets the least and the most. "
                + "\(check.message.count) bytes a request. CPU is the server's, all threads.",
        ]
    }
}
