internal import Foundation
internal import Glibc

/// A program that runs beside the benchmark and ends with it.
final class ChildProcess {
    let name: String
    private let process = Process()
    private let output: URL
    private let problems: URL

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - name: what to call it in errors, and its files.
    ///   - command: the program, found as a shell would, and its arguments.
    ///   - environment: variables to add to those of the benchmark.
    ///   - core: where to run it; nil for anywhere.
    ///   - directory: where its standard output and standard error are kept.
    /// - Throws: when it cannot be started.
    init(
        _ name: String,
        _ command: [String],
        environment: [String: String] = [:],
        core: Int? = nil,
        in directory: URL
    ) throws {
        self.name = name
        output = directory.appending(path: "\(name).out")
        problems = directory.appending(path: "\(name).err")
        // Dies with us, also when we are killed.
        var arguments = ["setpriv", "--pdeathsig", "KILL"]
        if let core { arguments += ["taskset", "-c", "\(core)"] }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try ChildProcess.create(output)
        process.standardError = try ChildProcess.create(problems)
        do {
            try process.run()
        } catch {
            throw BenchError("cannot start \(name): \(error.localizedDescription)")
        }
    }

    deinit { stop() }

    var id: Int32 { process.processIdentifier }

    /// What it has written to standard output by now.
    var written: [UInt8] { (try? Array(Data(contentsOf: output))) ?? [] }

    /// What it has written to standard output by now, in lines.
    var lines: [Substring] { String(decoding: written, as: UTF8.self).split(separator: "\n") }

    /// Waits until a condition holds.
    ///
    /// - Throws: when the program ends before, or takes longer than a minute for it.
    func wait<Value>(
        for purpose: String,
        atMost seconds: Double = 60,
        _ condition: (ChildProcess) throws -> Value?
    ) throws -> Value {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if let value = try condition(self) { return value }
            guard process.isRunning else { throw failure("ended before \(purpose)") }
            usleep(10_000)
        }
        throw failure("took too long for \(purpose)")
    }

    /// Waits for the end, which must be a success.
    func finish() throws {
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw failure("failed with status \(process.terminationStatus)")
        }
    }

    /// Asks it to end, and insists when it takes longer than 20 seconds.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        let deadline = ContinuousClock.now + .seconds(20)
        while process.isRunning && ContinuousClock.now < deadline { usleep(10_000) }
        if process.isRunning { kill(id, SIGKILL) }
        process.waitUntilExit()
    }

    private func failure(_ what: String) -> BenchError {
        let text = (try? String(contentsOf: problems, encoding: .utf8)) ?? ""
        let lines = (text.split(separator: "\n") + self.lines).suffix(10)
        return BenchError(([Substring("\(name) \(what)")] + lines).joined(separator: "\n  "))
    }

    /// Runs a program to its end.
    ///
    /// - Returns: what it wrote to standard output.
    static func run(
        _ name: String,
        _ command: [String],
        core: Int? = nil,
        in directory: URL
    ) throws -> [UInt8] {
        let child = try ChildProcess(name, command, core: core, in: directory)
        try child.finish()
        return child.written
    }

    private static func create(_ file: URL) throws -> FileHandle {
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }
}
