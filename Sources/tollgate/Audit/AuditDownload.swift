internal import Foundation
internal import NIOCore

/// Copies rows of the audit trail from the server to a file or to standard output, as they come.
struct AuditDownload {
    let client: APIClient
    let query: [(String, String?)]
    /// Where they go; nil for standard output.
    let path: String?

    /// Copies all of it.
    ///
    /// - Throws: when the server refuses or goes away, or the file cannot be written. A file that is
    ///   not whole is left with `.part` behind its name.
    func run() async throws {
        guard let path else {
            try await copy(to: .standardOutput)
            return
        }
        let draft = path + ".part"
        guard
            FileManager.default.createFile(
                atPath: draft,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            ), let file = FileHandle(forWritingAtPath: draft)
        else { throw CommandFailure.failed("\(draft) cannot be written") }
        try await copy(to: file)
        do {
            try file.close()
            guard rename(draft, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw CommandFailure.failed("\(path) cannot be written")
        }
    }

    private func copy(to file: FileHandle) async throws {
        var progress = Progress()
        defer { progress.end() }
        try await client.download(.get, "/v1/audit-logs", query: query) { piece in
            do {
                try file.write(contentsOf: Data(piece.readableBytesView))
            } catch {
                throw CommandFailure.failed("\(path ?? "standard output") cannot be written")
            }
            progress.add(piece)
        }
    }
}

/// Says on a terminal how far a download has come; in a script, nothing.
struct Progress {
    private let isShown = Terminal.isErrorInteractive
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var bytes = 0
    private var lines = 0

    /// Notes what has come.
    mutating func add(_ piece: ByteBuffer) {
        guard isShown else { return }
        bytes += piece.readableBytes
        lines += piece.readableBytesView.count { $0 == 0x0A }
        let now = ContinuousClock.now
        guard now - last >= .milliseconds(200) else { return }
        last = now
        show()
    }

    /// Ends the line.
    func end() {
        guard isShown, bytes > 0 else { return }
        show()
        Terminal.say("\n")
    }

    private func show() {
        let seconds = max(1, (ContinuousClock.now - start).components.seconds)
        let megabytes = bytes / 1_000_000
        Terminal.say(
            "\r\(lines) lines, \(megabytes) MB, \(bytes / Int(seconds) / 1000) kB/s\u{1B}[K"
        )
    }
}
