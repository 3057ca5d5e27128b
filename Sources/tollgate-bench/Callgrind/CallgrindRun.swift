internal import Foundation

/// Counts the instructions of a server while it answers.
struct CallgrindRun {
    /// What was counted.
    struct Result {
        let requests: Int
        /// All threads together.
        let profile: CallgrindProfile
        /// The threads that did something, by the function in which they spent their time, the
        /// busiest first.
        let threads: [(function: String, instructions: Int)]

        /// Instructions for each request.
        func share(_ instructions: Int) -> Double {
            Double(instructions) / Double(requests)
        }
    }

    /// One connection with calls enough that answers are sent together, as they are under load.
    private static let load = Load(connections: 1, streams: 10)
    private static let warmUp = 2000

    /// What goes before the server's command.
    private let tool: [String]
    private let output: URL

    /// - Parameters:
    ///   - name: what is measured; names the files.
    ///   - directory: where they are put.
    init(_ name: String, in directory: URL) {
        output = directory.appending(path: "callgrind.\(name)")
        tool = [
            "valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes",
            "--callgrind-out-file=\(output.path)",
        ]
    }

    /// Starts a server under callgrind, warms it up uncounted, counts, and stops it.
    ///
    /// What `verify` returns is how long each answer under load must be; nil when that varies.
    func measure<Server: Subject>(
        _ requests: Int,
        with generator: LoadGenerator,
        start: (_ tool: [String]) throws -> Server,
        verify: (Server) throws -> Int?
    ) throws -> Result {
        let server = try start(tool)
        defer { server.process.stop() }
        // A first call is slow enough here to miss its deadline.
        _ = try generator.run(CallgrindRun.load, CallgrindRun.warmUp, against: server)
        let answerLength = try verify(server)
        try control(["-i", "on"], server.process)
        _ = try generator.run(
            CallgrindRun.load,
            requests,
            against: server,
            answerLength: answerLength
        )
        try control(["-i", "off"], server.process)
        try control(["--dump"], server.process)
        _ = try verify(server)
        return try read(requests)
    }

    private func control(_ command: [String], _ process: ChildProcess) throws {
        _ = try ChildProcess.run(
            "callgrind_control",
            ["callgrind_control"] + command + ["\(process.id)"],
            in: output.deletingLastPathComponent()
        )
    }

    /// Reads the files that callgrind wrote, one for each thread.
    private func read(_ requests: Int) throws -> Result {
        let directory = output.deletingLastPathComponent()
        // The first dump of the run, which is the only one.
        let prefix = output.lastPathComponent + ".1-"
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        var profile = CallgrindProfile()
        var threads: [(function: String, instructions: Int)] = []
        for file in files where file.hasPrefix(prefix) {
            let part = try CallgrindProfile(contentsOf: directory.appending(path: file))
            profile.add(part)
            let main = part.costs.max { $0.value.inclusive < $1.value.inclusive }
            threads.append((main?.key.name ?? "?", part.total))
        }
        threads.sort { $0.instructions > $1.instructions }
        return Result(requests: requests, profile: profile, threads: threads)
    }
}
