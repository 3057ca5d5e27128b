internal import Foundation

/// What administrators do all day, by REST over kept connections: keys are made, listed and read, and
/// the audit log is exported, beside what one durable write costs on this disk.
struct AdminScenario: Scenario {
    let name = "admin"
    let summary = "creating and listing keys and exporting the audit log, by REST"
    let countsInstructions = false

    private static let secret = "bench-admin-0123456789abcdef"
    private static let pageSize = 100
    private static let exportSize = 1000
    /// How many decisions there are to export.
    private static let decisionCount = 20_000
    /// An fsync of a few hundred bytes, as one key takes.
    private static let recordSize = 512

    /// One thing that is asked over and over.
    private struct Work {
        let name: String
        let path: String
        /// What is sent; nil to read.
        var body: String?
        /// How many rows an answer has.
        var rows = 1
    }

    func run(on workbench: Workbench) throws -> [String] {
        let data = workbench.directory.appending(path: "admin")
        let server = try workbench.startTollgate(
            on: data,
            options: ["--admin-key", AdminScenario.secret]
        )
        defer {
            server.process.stop()
            try? FileManager.default.removeItem(at: data)
        }
        try fillAuditLog(of: server, workbench)
        let syncs = try DiskRate.measure(
            in: data,
            size: AdminScenario.recordSize,
            seconds: workbench.settings.seconds
        )
        var table = Table(
            "",
            "connections",
            "requests/s",
            "rows/s",
            "p50 us",
            "p99 us",
            ": fsyncs/s"
        )
        for work in AdminScenario.works {
            for connections in [1, 8] {
                let result = try measure(work, connections, server, workbench)
                let rate = result.map(\.requestsPerSecond).median
                table.add(
                    work.name,
                    "\(connections)",
                    rate.rounded(to: 0),
                    (rate * Double(work.rows)).rounded(to: 0),
                    result.map { $0.latency.median }.median.rounded(to: 0),
                    result.map { $0.latency.percentile99 }.median.rounded(to: 0),
                    (rate / syncs).rounded(to: 2)
                )
            }
        }
        return [
            table.description,
            "Medians of \(workbench.settings.rounds) rounds. One fsync after another of"
                + " \(AdminScenario.recordSize) bytes: \(syncs.rounded(to: 0)) a second.",
        ]
    }

    private static let works = [
        Work(
            name: "create a key",
            path: "/v1/keys",
            body: #"{"name":"bench","allowed_models":["gpt-4o"],"budget_limits":{"daily":10}}"#
        ),
        Work(name: "list 100 keys", path: "/v1/keys?limit=\(pageSize)", rows: pageSize),
        Work(
            name: "export 1,000 decisions",
            path: "/v1/audit-logs?limit=\(exportSize)",
            rows: exportSize
        ),
    ]

    /// Has decisions made, for there to be an audit log.
    private func fillAuditLog(of server: TollgateSubject, _ workbench: Workbench) throws {
        let check = EnvoyCheck(secret: AdminScenario.secret, model: SeededStore.allowedModel)
        _ = try workbench.load(asking: check).run(
            Load(connections: 4, streams: 10),
            AdminScenario.decisionCount,
            against: server
        )
    }

    private func measure(
        _ work: Work,
        _ connections: Int,
        _ server: TollgateSubject,
        _ workbench: Workbench
    ) throws -> [LoadResult] {
        let subject = RESTSubject(server, work.path, secret: AdminScenario.secret)
        let generator = try workbench.load(sending: work.body)
        let load = Load(connections: connections, streams: 1)
        let trial = try generator.run(load, 10 * connections, against: subject)
        let wanted = trial.requestsPerSecond * workbench.settings.seconds
        let count = max(10 * connections, Int(min(wanted, 1_000_000)))
        return try (0..<workbench.settings.rounds).map { _ in
            try generator.run(load, count, against: subject)
        }
    }
}

/// The management listener of a server, asked one thing.
final class RESTSubject: Subject {
    let name = "tollgate"
    let process: ChildProcess
    let url: String
    let port: Int
    let headers: [(String, String)]

    init(_ server: TollgateSubject, _ path: String, secret: String) {
        process = server.process
        port = server.port
        url = "http://\(server.httpAddress)\(path)"
        headers = [
            ("authorization", "Bearer \(secret)"), ("content-type", "application/json"),
        ]
    }
}
