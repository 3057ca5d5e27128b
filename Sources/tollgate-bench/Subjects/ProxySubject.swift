internal import Foundation

/// A proxy in front of a provider, configured as in `examples`.
final class ProxySubject: Subject {
    let name: String
    let process: ChildProcess
    let url: String
    let port: Int
    let headers: [(String, String)]

    /// Writes the configuration, starts the proxy and waits until it listens.
    ///
    /// - Parameters:
    ///   - example: which proxy, and how it is configured.
    ///   - secret: what requests present.
    ///   - tollgate: the port that it asks.
    ///   - provider: the port that requests go on to.
    ///   - launch: how to start it.
    /// - Throws: when the example is not as it is expected, or the proxy does not start.
    init(
        _ example: ProxyExample,
        secret: String,
        tollgate: Int,
        provider: Int,
        _ launch: Launch
    ) throws {
        let port = try Machine.freePort()
        let label = "\(example.folder)-\(example.name)".replacing(" ", with: "-")
        let folder = launch.directory.appending(path: label).absoluteURL
        let source = URL(filePath: "examples").appending(path: example.folder)
        try FileManager.default.copyItem(at: source, to: folder)
        let file = folder.appending(path: example.file)
        var text = try String(contentsOf: file, encoding: .utf8)
        for (old, new) in example.changes {
            guard text.contains(old) else { throw BenchError("\(example.file) has no '\(old)'") }
            text = text.replacing(old, with: new)
        }
        for (old, new) in [
            (example.ports.clients, port), (7411, tollgate), (example.ports.provider, provider),
        ] {
            text = text.replacing("127.0.0.1:\(old)", with: "127.0.0.1:\(new)")
            text = text.replacing("port_value: \(old)", with: "port_value: \(new)")
        }
        text = text.replacing("/tmp/tollgate-nginx", with: folder.path)
        try Data(text.utf8).write(to: file)
        name = example.name
        self.port = port
        url = "http://127.0.0.1:\(port)/v1/chat/completions"
        headers = [("authorization", "Bearer \(secret)"), ("content-type", "application/json")]
        process = try ChildProcess(
            label,
            launch.wrapper + example.command.map { $0.replacing("{}", with: folder.path) },
            core: launch.core,
            in: launch.directory
        )
        _ = try process.wait(for: "listening") { _ in Machine.isListening(port) ? true : nil }
    }
}

/// nginx in a provider's place, which answers everything with two bytes.
final class ProviderSubject: Subject {
    let name = "provider"
    let process: ChildProcess
    let url: String
    let port: Int
    let headers: [(String, String)] = []

    init(_ launch: Launch) throws {
        let port = try Machine.freePort()
        let folder = launch.directory.appending(path: name).absoluteURL
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "nginx.conf")
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(separator: " ")
        let text = """
            pid \(folder.path)/nginx.pid;
            events {}
            http {
              access_log off;
              keepalive_requests 1000000000;
              \(paths)
              server {
                listen 127.0.0.1:\(port);
                location / { default_type application/json; return 200 "{}"; }
              }
            }
            """
        try Data(text.utf8).write(to: file)
        self.port = port
        url = "http://127.0.0.1:\(port)/"
        let command = [
            "nginx", "-p", folder.path, "-e", "stderr", "-c", file.path, "-g",
            "daemon off; master_process off;",
        ]
        process = try ChildProcess(
            name,
            launch.wrapper + command,
            core: launch.core,
            in: launch.directory
        )
        _ = try process.wait(for: "listening") { _ in Machine.isListening(port) ? true : nil }
    }
}
