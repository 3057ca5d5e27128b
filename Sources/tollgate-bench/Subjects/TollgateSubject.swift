internal import Foundation

/// The program itself: `tollgate serve` over a seeded data directory.
final class TollgateSubject: Subject {
    let name = "tollgate"
    let process: ChildProcess
    let url: String
    let port: Int
    /// Where it is managed.
    let httpAddress: String
    let headers = EnvoyCheck.headers

    /// Starts it and waits for its ready line.
    ///
    /// - Parameters:
    ///   - program: the file to run.
    ///   - threads: how many event loops.
    ///   - data: its data directory.
    ///   - options: further options of `serve`.
    ///   - launch: how to start it.
    /// - Throws: when it does not become ready.
    init(
        _ program: String,
        threads: Int,
        data: URL,
        options: [String] = [],
        _ launch: Launch
    ) throws {
        let command = [
            program, "serve", "--data-dir", data.path, "--rpc-listen", "127.0.0.1:0",
            "--http-listen", "127.0.0.1:0", "--threads", "\(threads)",
            "--log-level", "warning",
        ]
        process = try ChildProcess(
            name,
            launch.wrapper + command + options,
            core: launch.core,
            in: launch.directory
        )
        let (address, management) = try process.wait(for: "its ready line") { process in
            process.lines.firstMatch(of: /tollgate ready rpc=([^ ]+) http=([^ ]+)/)
        }
        httpAddress = management
        url = "http://\(address)\(EnvoyCheck.path)"
        port = Int(address.split(separator: ":").last ?? "") ?? 0
    }
}

extension [Substring] {
    /// What the first line that begins like this captures.
    fileprivate func firstMatch(
        of pattern: Regex<(Substring, Substring, Substring)>
    ) -> (String, String)? {
        for line in self {
            guard let match = line.prefixMatch(of: pattern) else { continue }
            return (String(match.output.1), String(match.output.2))
        }
        return nil
    }
}
