internal import Foundation

/// How much is asked at once.
struct Load: CustomStringConvertible, Hashable {
    let connections: Int
    /// Calls that are open on each connection at any time.
    let streams: Int

    var description: String { "\(connections)x\(streams)" }
}

/// What a load found out, as its maker saw it.
struct LoadResult {
    let requests: Int
    let requestsPerSecond: Double
    /// Time from the first byte of a request to the end of its answer, in microseconds.
    let latency: Percentiles
}

/// Makes load with `h2load`, which sends the same request over and over.
struct LoadGenerator {
    /// The request's body; nil to send none.
    let body: URL?
    /// Whether to speak HTTP/1.1, as management does.
    var isHTTP1 = false
    let core: Int?
    /// For the latencies and what `h2load` prints.
    let directory: URL

    /// Sends so many requests and waits for all answers.
    ///
    /// - Parameters:
    ///   - load: how many at once.
    ///   - requests: how many in all.
    ///   - subject: who is asked.
    ///   - answerLength: how long each answer is, in bytes; nil to take what comes.
    /// - Returns: how it went.
    /// - Throws: when a single request fails, or the answers have another length.
    func run(
        _ load: Load,
        _ requests: Int,
        against subject: any Subject,
        answerLength: Int? = nil
    ) throws -> LoadResult {
        let log = directory.appending(path: "h2load.log")
        // It would write behind what earlier runs have left.
        try? FileManager.default.removeItem(at: log)
        var command = [
            "h2load", "-t", "1", "-n", "\(requests)", "-c", "\(load.connections)",
            "-m", "\(load.streams)", "--log-file", log.path,
        ]
        if let body { command += ["--data", body.path] }
        if isHTTP1 { command.append("--h1") }
        for (name, value) in subject.headers { command += ["-H", "\(name): \(value)"] }
        let output = try ChildProcess.run(
            "h2load",
            command + [subject.url],
            core: core,
            in: directory
        )
        let text = String(decoding: output, as: UTF8.self)
        guard
            text.contains(" \(requests) succeeded, 0 failed, 0 errored, 0 timeout"),
            text.contains("status codes: \(requests) 2xx"),
            let match = text.firstMatch(of: /finished in [^,]+, ([0-9.]+) req\/s/),
            let rate = Double(match.output.1),
            let traffic = text.firstMatch(of: /\(([0-9]+)\) data/)
        else { throw BenchError("h2load against \(subject.name) did not succeed:\n\(text)") }
        if let answerLength, Int(traffic.output.1) != answerLength * requests {
            throw BenchError("\(subject.name) gave other answers under load than before:\n\(text)")
        }
        let latencies = try LatencyLog.read(log)
        return LoadResult(
            requests: requests,
            requestsPerSecond: rate,
            latency: Percentiles(latencies)
        )
    }
}
