internal import ArgumentParser
internal import NIOCore
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateServer

/// `tollgate backup`: everything that a server keeps, as one file.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write everything that a server keeps to a file, while it runs.",
        discussion: """
            Asks the server at --url; the key must have all permissions and belong to no organization. \
            With --data-dir it reads the directory of a server that does not run. The file is a tar \
            archive for its owner alone; 'tollgate restore' reads it. Without the pepper in it or \
            kept elsewhere, no key of it works.
            """
    )

    @OptionGroup var server: ServerOptions

    @Option(help: ArgumentHelp("The file to write, which must not exist.", valueName: "file"))
    var output: String

    @Option(
        help: ArgumentHelp("The data directory of a server that does not run.", valueName: "dir")
    )
    var dataDir: String?

    @Flag(help: "Put the pepper into the backup: who has the file, then has all there is.")
    var includePepper = false

    @Flag(help: "Print what the backup holds as JSON.")
    var json = false

    func run() async throws {
        let file = try BackupFile(output)
        do {
            if let dataDir {
                try Backups.make(of: dataDir, includesPepper: includePepper) { try file.write($0) }
            } else {
                try await download(to: file)
            }
        } catch {
            file.discard()
            throw (error as? ServerError).map { CommandFailure.failed("\($0)") } ?? error
        }
        let summary = try file.finish()
        let format = json ? OutputFormat.json : .table
        try format.show(BackupReport.json(summary, file: output), table: BackupReport.lines)
    }

    private func download(to file: BackupFile) async throws {
        let body: JSONValue = ["include_pepper": .bool(includePepper)]
        try await server.withClient { client in
            try await client.download(.post, "/v1/backups", body: body) { piece in
                try file.write(Array(piece.readableBytesView))
            }
        }
    }
}

/// Backups as people and programs read of them.
enum BackupReport {
    /// What a backup holds.
    static func json(_ summary: BackupSummary, file: String) -> JSONValue {
        [
            "file": .string(file),
            "created_at": .string(Timestamp.text(WallTime(milliseconds: summary.milliseconds))),
            "position": .integer(Int64(clamping: summary.position)),
            "bytes": .integer(Int64(clamping: summary.size)),
            "includes_pepper": .bool(summary.hasPepper),
        ]
    }

    /// The line, and what is left to do.
    static func lines(_ document: JSONValue) -> [String] {
        guard case .integer(let bytes)? = document["bytes"] else { return [] }
        let size = ByteCount.text(Int(clamping: bytes))
        let line =
            "\(document.cell("file")): \(size), up to position \(document.cell("position"))"
        let pepper =
            document["includes_pepper"] == true
            ? "the pepper is in it: keep it as you keep keys"
            : "the pepper is not in it: keep the file 'pepper' as well, apart from this"
        return [Terminal.printable(line), pepper]
    }
}
