internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateServer

/// `tollgate restore`: makes a data directory of a backup.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a data directory of a backup.",
        discussion: """
            The directory must not exist, or be empty but for a pepper. The backup is proven whole and \
            opened before anything is put in its place.

            Limits of hours, days, weeks and months and rates that are open now stand where they \
            stood when the backup was made ('keep'), or start anew ('reset'), with what is held \
            still counted. What was used in total, and what was paid in advance, stays in both cases.
            """
    )

    @Argument(help: "The backup.")
    var file: String

    @Option(help: ArgumentHelp("Where the server is to find its data.", valueName: "dir"))
    var dataDir: String

    @Option(help: "What becomes of open windows: keep or reset.")
    var openWindows: Backups.OpenWindows?

    @Flag(help: "Print what was restored as JSON.")
    var json = false

    func run() throws {
        let windows = try openWindows ?? Restore.ask()
        let summary: RestoreSummary
        do {
            summary = try Backups.restore(file, into: dataDir, windows: windows)
        } catch {
            throw CommandFailure.failed("\(error)")
        }
        let hasPepper =
            summary.backup.hasPepper || FileManager.default.fileExists(atPath: "\(dataDir)/pepper")
        let format = json ? OutputFormat.json : .table
        try format.show(
            RestoreReport.json(summary, directory: dataDir, windows: windows, hasPepper: hasPepper),
            table: RestoreReport.lines
        )
    }

    /// Asks what nobody but the operator can know.
    private static func ask() throws(CommandFailure) -> Backups.OpenWindows {
        let question = """
            Open windows (limits of hours, days, weeks and months, and rates):
              keep   they stand where they stood when the backup was made
              reset  they start anew: nobody has used anything in them but what is held
            """
        let answer = try Terminal.choose(
            question,
            among: Backups.OpenWindows.allCases.map(\.rawValue),
            option: "--open-windows"
        )
        return Backups.OpenWindows(rawValue: answer) ?? .keep
    }
}

extension Backups.OpenWindows: ExpressibleByArgument {}

/// What was restored, as people and programs read of it.
enum RestoreReport {
    /// What was restored.
    static func json(
        _ summary: RestoreSummary,
        directory: String,
        windows: Backups.OpenWindows,
        hasPepper: Bool
    ) -> JSONValue {
        [
            "data_dir": .string(directory),
            "created_at": .string(
                Timestamp.text(WallTime(milliseconds: summary.backup.milliseconds))
            ),
            "position": .integer(Int64(clamping: summary.position)),
            "open_windows": .string(windows.rawValue),
            "restarted": .integer(Int64(summary.restartedSubjects)),
            "has_pepper": .bool(hasPepper),
        ]
    }

    /// The lines, and what is left to do.
    static func lines(_ document: JSONValue) -> [String] {
        var lines = [
            "\(document.cell("data_dir")) is as of \(document.cell("created_at")),"
                + " position \(document.cell("position"))"
        ]
        lines.append(
            document["open_windows"] == "reset"
                ? "open windows of \(document.cell("restarted")) keys and groups start anew"
                : "open windows stand where they stood"
        )
        if document["has_pepper"] != true {
            lines.append(
                "there is no pepper: put the old one in \(document.cell("data_dir"))/pepper"
                    + " (mode 600), or set TOLLGATE_PEPPER"
            )
        }
        return lines.map { Terminal.printable($0) }
    }
}
