/// A server that takes part in a comparison, and what is known of it so far.
struct Contender {
    /// What one run found out.
    struct Run {
        let rate: Double
        let latency: Percentiles
        /// Of the server, in microseconds for each request.
        let processorTime: Double
        let memory: Int
    }

    let subject: any Subject
    /// How long each answer is, in bytes.
    let answerLength: Int
    fileprivate(set) var runs: [Load: [Run]] = [:]

    init(_ subject: any Subject, answerLength: Int) {
        self.subject = subject
        self.answerLength = answerLength
    }
}

/// Two servers under the same load, by turns, so that what the machine does meanwhile meets both.
struct Comparison {
    private var contenders: [Contender]
    private let generator: LoadGenerator
    /// In the order in which they were first measured.
    private var loads: [Load] = []

    /// - Parameters:
    ///   - own: what is measured.
    ///   - base: what it is compared with.
    ///   - generator: makes the load.
    init(of own: Contender, with base: Contender, generator: LoadGenerator) {
        contenders = [own, base]
        self.generator = generator
    }

    /// Measures both, first the one and in the next round first the other.
    mutating func measure(_ load: Load, round: Int, seconds: Double) throws {
        if !loads.contains(load) { loads.append(load) }
        let order = contenders.indices
        for index in round % 2 == 0 ? Array(order) : order.reversed() {
            let run = try measure(contenders[index], load, seconds)
            contenders[index].runs[load, default: []].append(run)
        }
    }

    private func measure(
        _ contender: Contender,
        _ load: Load,
        _ seconds: Double
    ) throws -> Contender.Run {
        let subject = contender.subject
        func run(_ requests: Int) throws -> LoadResult {
            try generator.run(
                load,
                requests,
                against: subject,
                answerLength: contender.answerLength
            )
        }
        // Warms up, and tells how many requests take about as long as one measurement is to.
        let trial = try run(2000 * load.streams)
        let count = max(1000, Int(trial.requestsPerSecond * seconds))
        let before = try ProcessUsage.processorTime(of: subject.process.id)
        let result = try run(count)
        let used = try ProcessUsage.processorTime(of: subject.process.id) - before
        return Contender.Run(
            rate: result.requestsPerSecond,
            latency: result.latency,
            processorTime: used / .microseconds(1) / Double(count),
            memory: try ProcessUsage.residentMemory(of: subject.process.id)
        )
    }

    /// Medians of the rounds; ratios are those within one round.
    var table: Table {
        let base = contenders[1]
        var table = Table(
            "load",
            "server:",
            "requests/s",
            "p50 us",
            "p99 us",
            "CPU us/request",
            "",
            "MB",
            "CPU : \(base.subject.name)"
        )
        for load in loads {
            for contender in contenders {
                let runs = contender.runs[load] ?? []
                let times = runs.map(\.processorTime)
                let ratios = zip(runs, base.runs[load] ?? []).map { own, base in
                    own.processorTime / base.processorTime
                }
                table.add(
                    "\(load)",
                    contender.subject.name,
                    runs.map(\.rate).median.rounded(to: 0),
                    runs.map(\.latency.median).median.rounded(to: 0),
                    runs.map(\.latency.percentile99).median.rounded(to: 0),
                    times.median.rounded(to: 2),
                    range(of: times),
                    (runs.map { Double($0.memory) }.median / 1e6).rounded(to: 0),
                    ratios.median.rounded(to: 2)
                )
            }
        }
        return table
    }

    private func range(of values: [Double]) -> String {
        "(\((values.min() ?? 0).rounded(to: 2))-\((values.max() ?? 0).rounded(to: 2)))"
    }
}
