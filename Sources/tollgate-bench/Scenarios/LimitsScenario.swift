internal import Foundation

/// Many keys that are limited at every level, a tenth of their requests reported, beside `nghttpd`.
///
/// Key and moment are by chance, so that counters come from all over the memory as in life. What is not
/// reported stays open, as it does for a quarter of an hour unless configured otherwise. A second row
/// has it end by itself after a second, which is counted in as well: what a proxy costs that never
/// reports.
struct LimitsScenario: Scenario {
    let name = "limits"
    let summary = "many keys, every level limited, 10 % settled, the others open or expiring"
    let countsInstructions = false

    private static let load = Load(connections: 8, streams: 10)
    private static let reportInterval = 10
    private static let tailLength = 1_000_000

    func run(on workbench: Workbench) throws -> [String] {
        try workbench.moveToLoadCore()
        var speeds = Table(
            "keys",
            "server:",
            "checks/s",
            "p50 us",
            "p99 us",
            "p99 us at half rate",
            "CPU us/check",
            "MB",
            "CPU : nghttpd"
        )
        var figures = Table("keys", "figure:", "measured", "goal")
        let counts = [workbench.settings.keyCount, workbench.settings.keyCount * 10]
        for keyCount in counts {
            let data = workbench.directory.appending(path: "limited-\(keyCount)")
            defer { try? FileManager.default.removeItem(at: data) }
            let secrets = try LimitedStore.make(at: data, keyCount: keyCount)
            let bench = LimitsBench(workbench, data, secrets)
            if keyCount == counts.last { try restart(bench, &figures) }
            try measure(bench, &speeds, &figures)
        }
        return [
            speeds.description, figures.description,
            "Medians of \(workbench.settings.rounds) rounds. CPU is the server's, all threads, for each"
                + " check together with its share of reports and of what expires.",
        ]
    }

    /// Measures the server twice, by turns with `nghttpd`.
    ///
    /// Once what nobody reports stays open, once all of it expires within the measurement: the
    /// difference is what expiring costs.
    private func measure(
        _ bench: LimitsBench,
        _ speeds: inout Table,
        _ figures: inout Table
    ) throws {
        let keys = bench.secrets.count.grouped
        for (name, holdSeconds) in [("tollgate", 900), ("all expire", 1)] {
            let tollgate = try bench.startTollgate(holdSeconds: holdSeconds)
            let nghttpd = try bench.workbench.startNghttpd()
            defer {
                tollgate.process.stop()
                nghttpd.process.stop()
            }
            let memory = try bench.memoryForEachKey(of: tollgate)
            let runs = try compare(bench, tollgate, nghttpd)
            let ratio = zip(runs.own, runs.base).map { $0.processorTime / $1.processorTime }.median
            add(keys, name, runs.own, ratio, to: &speeds)
            if holdSeconds == 1 {
                add(keys, nghttpd.name, runs.base, 1, to: &speeds)
                continue
            }
            let late = runs.own.map(\.halfRate.percentile99).median
            figures.add(keys, "CPU for each check, to nghttpd's", ratio.rounded(to: 2), "2.00")
            figures.add(keys, "p99 at half of the highest rate, us", late.rounded(to: 0), "2,000")
            figures.add(keys, "memory for each active key, bytes", memory.rounded(to: 0), "1,024")
        }
    }

    private func compare(
        _ bench: LimitsBench,
        _ tollgate: TollgateSubject,
        _ nghttpd: NghttpdSubject
    ) throws -> (own: [LimitsBench.Run], base: [LimitsBench.Run]) {
        var runs: (own: [LimitsBench.Run], base: [LimitsBench.Run]) = ([], [])
        let model = SeededStore.allowedModel
        for _ in 0..<bench.workbench.settings.rounds {
            runs.own.append(
                try bench.run(
                    Question.envoy(bench.secrets, model: model),
                    LimitsScenario.load,
                    against: tollgate,
                    reportInterval: LimitsScenario.reportInterval
                )
            )
            runs.base.append(
                try bench.run(
                    Question.empty(bench.secrets, path: "/empty", model: model),
                    LimitsScenario.load,
                    against: nghttpd
                )
            )
        }
        return runs
    }

    private func restart(_ bench: LimitsBench, _ figures: inout Table) throws {
        let seconds = try bench.restart(behind: LimitsScenario.tailLength)
        figures.add(
            bench.secrets.count.grouped,
            "restart behind \(LimitsScenario.tailLength.grouped) records to first answer, s",
            seconds.rounded(to: 2),
            "5.00"
        )
    }

    private func add(
        _ keys: String,
        _ name: String,
        _ runs: [LimitsBench.Run],
        _ ratio: Double,
        to table: inout Table
    ) {
        table.add(
            keys,
            name,
            runs.map(\.full.checksPerSecond).median.rounded(to: 0),
            runs.map(\.full.latency.median).median.rounded(to: 0),
            runs.map(\.full.latency.percentile99).median.rounded(to: 0),
            runs.map(\.halfRate.percentile99).median.rounded(to: 0),
            runs.map(\.processorTime).median.rounded(to: 2),
            (runs.map { Double($0.memory) }.median / 1e6).rounded(to: 0),
            ratio.rounded(to: 2)
        )
    }
}
