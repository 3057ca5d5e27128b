internal import Foundation

/// What authorization adds to a request through a proxy: the same proxy with and without it, in front
/// of a provider that answers at once.
struct ProxyScenario: Scenario {
    let name: String
    let summary: String
    let countsInstructions = false
    /// The proxy that asks nobody, and then those that ask.
    private let examples: [ProxyExample]

    static let envoy = ProxyScenario(
        name: "envoy",
        summary: "a request through Envoy, with ext_authz and without",
        examples: [.envoyAlone, .envoy]
    )
    static let nginx = ProxyScenario(
        name: "nginx",
        summary: "a request through nginx, with auth_request, with njs, and without either",
        examples: [.nginxAlone, .nginx, .nginxScript]
    )

    private static let loads = [
        Load(connections: 1, streams: 1),
        Load(connections: 8, streams: 10),
    ]

    private init(name: String, summary: String, examples: [ProxyExample]) {
        self.name = name
        self.summary = summary
        self.examples = examples
    }

    func run(on workbench: Workbench) throws -> [String] {
        let tollgate = try workbench.startTollgate()
        let provider = try workbench.startProvider()
        var proxies: [ProxySubject] = []
        defer { for process in [tollgate.process, provider.process] { process.stop() } }
        defer { for proxy in proxies { proxy.process.stop() } }
        for example in examples {
            proxies.append(try workbench.startProxy(example, tollgate.port, provider.port))
        }
        for proxy in proxies.dropFirst() { try workbench.verifyRefusal(by: proxy) }
        let generator = try workbench.load(sending: ProxyScenario.body, isHTTP1: false)
        var results: [Load: [[LoadResult]]] = [:]
        for round in 0..<workbench.settings.rounds {
            for load in ProxyScenario.loads {
                var row: [(Int, LoadResult)] = []
                let order = Array(proxies.enumerated())
                for (place, proxy) in round % 2 == 0 ? order : order.reversed() {
                    row.append(
                        (place, try measure(proxy, load, generator, workbench.settings.seconds))
                    )
                }
                results[load, default: []].append(row.sorted { $0.0 < $1.0 }.map(\.1))
            }
        }
        return [
            table(results).description,
            "Medians of \(workbench.settings.rounds) rounds; what is added is the difference within"
                + " one round. Proxy, Tollgate and provider share a core where load has its own.",
        ]
    }

    /// A chat as clients send it.
    private static let body = """
        {"model":"\(SeededStore.allowedModel)","max_tokens":256,"stream":false,"messages":[\
        {"role":"system","content":"You are a helpful assistant."},\
        {"role":"user","content":"What is the capital of France?"}]}
        """

    private func measure(
        _ proxy: ProxySubject,
        _ load: Load,
        _ generator: LoadGenerator,
        _ seconds: Double
    ) throws -> LoadResult {
        // Warms up, and tells how many requests take about as long as one measurement is to.
        let trial = try generator.run(load, 500 * load.streams, against: proxy)
        let count = max(1000, Int(trial.requestsPerSecond * seconds))
        return try generator.run(load, count, against: proxy)
    }

    private func table(_ results: [Load: [[LoadResult]]]) -> Table {
        var table = Table(
            "load",
            "\(name):",
            "requests/s",
            "p50 us",
            "added",
            "p99 us",
            "added"
        )
        for load in ProxyScenario.loads {
            let rounds = results[load] ?? []
            for (place, example) in examples.enumerated() {
                func median(_ value: (LoadResult) -> Double) -> String {
                    rounds.map { value($0[place]) }.median.rounded(to: 0)
                }
                func added(_ value: (LoadResult) -> Double) -> String {
                    if place == 0 { return "" }
                    return rounds.map { value($0[place]) - value($0[0]) }.median.rounded(to: 0)
                }
                table.add(
                    "\(load)",
                    example.name,
                    median(\.requestsPerSecond),
                    median(\.latency.median),
                    added(\.latency.median),
                    median(\.latency.percentile99),
                    added(\.latency.percentile99)
                )
            }
        }
        return table
    }
}
