internal import ArgumentParser
internal import TollgateServer

/// `tollgate verify`: proves what a data directory keeps, while no server has it open.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that nothing in a data directory was changed, removed or damaged.",
        discussion: """
            Reads everything that is kept there, offline: stop the server first, or verify a copy. \
            The exit code is 0 when all is as it was recorded, and 1 when something is not.
            """
    )

    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp("The directory (TOLLGATE_DATA_DIR).", valueName: "dir")
    )
    var dataDirectory: String?

    @Option(
        help: ArgumentHelp("Compare with the checkpoints in this file.", valueName: "file")
    )
    var checkpoints: String?

    @Option(
        help: ArgumentHelp(
            "The key that has signed them, when it is not in the directory.",
            valueName: "hex"
        )
    )
    var publicKey: String?

    @Flag(
        help: "Keep what comes before the damage of a log that cannot be opened, and lose the rest."
    )
    var repair = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @Option(help: "table or json.")
    var output = OutputFormat.table

    func validate() throws {
        guard !repair || (checkpoints == nil && publicKey == nil) else {
            throw ValidationError("--repair goes with neither --checkpoints nor --public-key")
        }
        guard publicKey == nil || checkpoints != nil else {
            throw ValidationError("--public-key needs --checkpoints")
        }
    }

    func run() throws {
        let directory = dataDirectory ?? Environment.dataDirectory
        let store = OfflineStore(directory: directory)
        do {
            if repair {
                try Terminal.confirm(
                    "Lose everything in \(directory) that comes behind the damage of its log",
                    isConfirmed: yes
                )
                try show(try store.repair(), ifSound: "the store can be opened again")
            } else {
                let report = try store.verify(checkpoints: checkpoints, publicKey: publicKey)
                try show(report, ifSound: "everything is as it was recorded")
            }
        } catch let error as ServerError {
            throw CommandFailure.failed("\(error)")
        }
    }

    private func show(_ report: OfflineStore.Report, ifSound verdict: String) throws {
        try Terminal.print(VerifyReport.lines(report, output, verdict))
        if !report.problems.isEmpty {
            let count = report.problems.count
            throw CommandFailure.failed("\(count) problem\(count == 1 ? "" : "s") found")
        }
    }
}
