internal import Foundation

/// What the scenarios share: a directory, a seeded store, and the ways to start what is measured.
final class Workbench {
    let settings: Settings
    /// For everything that is written; emptied in the end.
    let directory: URL
    /// The server's data directory.
    let data: URL
    let secrets: SeededStore.Secrets

    /// Makes the directory and the store.
    init(_ settings: Settings) throws {
        self.settings = settings
        guard FileManager.default.isExecutableFile(atPath: settings.serverPath) else {
            throw BenchError("there is no program \(settings.serverPath); build it first")
        }
        let root = URL(filePath: ".build", directoryHint: .isDirectory)
        directory = root.appending(path: "bench-\(ProcessInfo.processInfo.processIdentifier)")
        data = directory.appending(path: "data")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        do {
            secrets = try SeededStore.make(at: data, keyCount: settings.keyCount)
        } catch {
            try? FileManager.default.removeItem(at: directory)
            throw error
        }
    }

    /// Removes what was written.
    func tearDown(keeping isKept: Bool) {
        if isKept {
            print("\nkept: \(directory.path)")
        } else {
            try? FileManager.default.removeItem(at: directory)
        }
    }

    /// Where servers run; nil for anywhere.
    var serverCore: Int? { settings.isPinned ? 0 : nil }

    /// Where the load is made; nil for anywhere.
    var loadCore: Int? { settings.isPinned ? 1 : nil }

    /// Starts the server as it is.
    func startTollgate() throws -> TollgateSubject {
        try TollgateSubject(
            settings.serverPath,
            threads: settings.threads,
            data: data,
            launch([])
        )
    }

    /// Starts the server over another data directory.
    func startTollgate(on data: URL, options: [String]) throws -> TollgateSubject {
        try TollgateSubject(
            settings.serverPath,
            threads: settings.threads,
            data: data,
            options: options,
            launch([])
        )
    }

    /// Runs this program's own thread where load is made, for what makes load itself.
    func moveToLoadCore() throws {
        guard let loadCore else { return }
        let id = "\(ProcessInfo.processInfo.processIdentifier)"
        _ = try ChildProcess.run("taskset", ["taskset", "-pc", "\(loadCore)", id], in: directory)
    }

    /// Starts the server under callgrind.
    func startTollgate(on data: URL, under tool: [String]) throws -> TollgateSubject {
        let program = try Valgrind.prepare(settings.serverPath, in: directory)
        return try TollgateSubject(
            program.path,
            threads: settings.threads,
            data: data,
            launch(program.prefix + tool)
        )
    }

    /// Starts what it is compared with, under a tool when there is one.
    func startNghttpd(under tool: [String] = []) throws -> NghttpdSubject {
        try NghttpdSubject(launch(tool))
    }

    /// Starts what stands behind proxies.
    func startProvider() throws -> ProviderSubject {
        try ProviderSubject(launch([]))
    }

    /// Starts a proxy between the good key's requests and the provider.
    func startProxy(
        _ example: ProxyExample,
        _ tollgate: Int,
        _ provider: Int
    ) throws -> ProxySubject {
        try ProxySubject(
            example,
            secret: secrets.good,
            tollgate: tollgate,
            provider: provider,
            launch([])
        )
    }

    private func launch(_ wrapper: [String]) -> Launch {
        Launch(wrapper: wrapper, core: serverCore, directory: directory)
    }

    /// Writes a request's body to a file.
    func write(_ check: EnvoyCheck, as name: String) throws -> URL {
        let file = directory.appending(path: name)
        try Data(check.grpcMessage).write(to: file)
        return file
    }

    /// A generator of load that asks this over and over.
    func load(asking check: EnvoyCheck) throws -> LoadGenerator {
        let body = try write(check, as: "load.bin")
        return LoadGenerator(body: body, core: loadCore, directory: directory)
    }

    /// A generator of load on what speaks plain HTTP.
    ///
    /// - Parameters:
    ///   - text: what is sent with each request; nil to read.
    ///   - isHTTP1: whether it speaks HTTP/1.1, as management does.
    /// - Returns: the generator.
    /// - Throws: when the body cannot be written to a file.
    func load(sending text: String?, isHTTP1: Bool = true) throws -> LoadGenerator {
        let file = directory.appending(path: "load.json")
        if let text { try Data(text.utf8).write(to: file) }
        return LoadGenerator(
            body: text == nil ? nil : file,
            isHTTP1: isHTTP1,
            core: loadCore,
            directory: directory
        )
    }

    /// Sees that a proxy does ask: a key that is none gets 401 from it.
    func verifyRefusal(by proxy: ProxySubject) throws {
        let command = ["nghttp", "-v", "--header=authorization: Bearer \(secrets.unknown)"]
        let answer = try ChildProcess.run("nghttp", command + [proxy.url], in: directory)
        guard String(decoding: answer, as: UTF8.self).contains(":status: 401") else {
            throw BenchError("\(proxy.process.name) lets a key pass that is none")
        }
    }

    /// Makes real gRPC calls with another implementation of HTTP/2, and reads the answers: a good
    /// key is allowed, an unknown one and another model are denied.
    ///
    /// - Parameters:
    ///   - subject: the server.
    ///   - secrets: of its keys; nil for those of the bench's own store.
    /// - Returns: the length of the answer that allows, in bytes.
    /// - Throws: when one of the answers is not as it must be.
    @discardableResult
    func verifyAnswers(
        of subject: any Subject,
        _ secrets: SeededStore.Secrets? = nil
    ) throws -> Int {
        let secrets = secrets ?? self.secrets
        let cases: [(EnvoyCheck, EnvoyCheck.Outcome)] = [
            (EnvoyCheck(secret: secrets.good, model: SeededStore.allowedModel), .allowed),
            (
                EnvoyCheck(secret: secrets.unknown, model: SeededStore.allowedModel),
                .denied(status: 401)
            ),
            (
                EnvoyCheck(secret: secrets.good, model: SeededStore.otherModel),
                .denied(status: 403)
            ),
        ]
        var allowedLength = 0
        for (check, expected) in cases {
            let body = try write(check, as: "verify.bin")
            var command = ["nghttp", "--data=\(body.path)"]
            for (name, value) in subject.headers { command += ["--header", "\(name): \(value)"] }
            let answer = try ChildProcess.run("nghttp", command + [subject.url], in: directory)
            let outcome = EnvoyCheck.Outcome(grpcMessage: answer)
            guard outcome == expected else {
                throw BenchError(
                    "a check of \(check.model) was \(outcome), but must be \(expected)"
                )
            }
            if outcome == .allowed { allowedLength = answer.count }
        }
        return allowedLength
    }
}
