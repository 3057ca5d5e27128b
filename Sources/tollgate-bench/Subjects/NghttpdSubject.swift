internal import Foundation

/// nghttp2's own server, one thread, answering with an empty file: what HTTP/2 alone costs.
final class NghttpdSubject: Subject {
    let name = "nghttpd"
    let process: ChildProcess
    let url: String
    let port: Int
    let headers = EnvoyCheck.headers

    /// Starts it and waits until it listens.
    init(_ launch: Launch) throws {
        let root = launch.directory.appending(path: "www")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try Data().write(to: root.appending(path: "empty"))
        let port = try Machine.freePort()
        self.port = port
        let command = [
            "nghttpd", "--no-tls", "--address=127.0.0.1", "-d", root.path, "\(port)",
        ]
        process = try ChildProcess(
            name,
            launch.wrapper + command,
            core: launch.core,
            in: launch.directory
        )
        url = "http://127.0.0.1:\(port)/empty"
        _ = try process.wait(for: "listening") { _ in Machine.isListening(port) ? true : nil }
    }
}
