internal import Foundation

/// A store of limited keys, and how it is measured.
struct LimitsBench {
    /// What one run found out about one server.
    struct Run {
        let full: Driver.Result
        /// Latencies at half of the rate of `full`.
        let halfRate: Percentiles
        /// Of the server at full speed, in microseconds for each check.
        let processorTime: Double
        let memory: Int
    }

    let workbench: Workbench
    let data: URL
    let secrets: SecretList

    init(_ workbench: Workbench, _ data: URL, _ secrets: SecretList) {
        self.workbench = workbench
        self.data = data
        self.secrets = secrets
    }

    /// Starts the server with room for all keys.
    ///
    /// - Parameters:
    ///   - data: its data directory; nil for that of the bench.
    ///   - holdSeconds: how long it waits for reports.
    /// - Returns: the server, ready.
    /// - Throws: when it does not become ready.
    func startTollgate(on data: URL? = nil, holdSeconds: Int) throws -> TollgateSubject {
        let options = [
            "--max-active-keys", "\(max(secrets.count, 1000))",
            "--hold-seconds", "\(holdSeconds)",
        ]
        return try workbench.startTollgate(on: data ?? self.data, options: options)
    }

    /// How much each further key takes that is asked for, with its share of user, team and
    /// organisation.
    ///
    /// Of the second half of the keys: the first fills caches whose size is fixed.
    func memoryForEachKey(of server: TollgateSubject) throws -> Double {
        let half = secrets.count / 2
        let before = try residentMemory(of: server, afterAskingFor: 0..<half)
        let after = try residentMemory(of: server, afterAskingFor: half..<secrets.count)
        return Double(after - before) / Double(secrets.count - half)
    }

    private func residentMemory(
        of server: TollgateSubject,
        afterAskingFor keys: Range<Int>
    ) throws -> Int {
        let question = try Question.dryRun(secrets, model: SeededStore.allowedModel)
        let load = Load(connections: 8, streams: 10)
        let driver = try Driver(port: server.port, load, question, secrets)
        _ = try driver.run(.inTurn(keys))
        return try ProcessUsage.residentMemory(of: server.process.id)
    }

    /// Measures at full speed, and then at half of it.
    func run(
        _ question: Question,
        _ load: Load,
        against server: any Subject,
        reportInterval: Int = 0
    ) throws -> Run {
        let seconds = workbench.settings.seconds
        let driver = try Driver(
            port: server.port,
            load,
            question,
            secrets,
            reportInterval: reportInterval
        )
        // Warms up, and has as many holds expire as begin from then on.
        _ = try driver.run(.fullSpeed(seconds: 1.5))
        let before = try ProcessUsage.processorTime(of: server.process.id)
        let full = try driver.run(.fullSpeed(seconds: seconds))
        let used = try ProcessUsage.processorTime(of: server.process.id) - before
        let half = try driver.run(.rate(perSecond: full.checksPerSecond / 2, seconds: seconds))
        return Run(
            full: full,
            halfRate: half.latency,
            processorTime: used / .microseconds(1) / Double(full.checks),
            memory: try ProcessUsage.residentMemory(of: server.process.id)
        )
    }

    /// How long it takes from the start of the process to its first answer, in seconds, when it finds
    /// so many records in its journal that are in no snapshot.
    func restart(behind recordCount: Int) throws -> Double {
        let copy = data.appendingPathExtension("tail")
        try LimitedStore.addTail(of: recordCount, to: data, at: copy, secrets)
        defer { try? FileManager.default.removeItem(at: copy) }
        let question = try Question.envoy(secrets, model: SeededStore.allowedModel)
        let start = ContinuousClock.now
        let server = try startTollgate(on: copy, holdSeconds: 900)
        defer { server.process.stop() }
        let driver = try Driver(
            port: server.port,
            Load(connections: 1, streams: 1),
            question,
            secrets
        )
        _ = try driver.run(.inTurn(0..<1))
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
