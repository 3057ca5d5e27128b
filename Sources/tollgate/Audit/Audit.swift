internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin
internal import TollgateCore

/// `tollgate audit`: what was decided, and why.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Show or export recorded decisions, the newest first; with --follow, as they come."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(
        name: [.customLong("key-id"), .customLong("key")],
        help: "Only those of this key's id."
    )
    var keyID: Filter?

    @Option(help: "Only those on this model.")
    var model: Filter?

    @Option(help: "Only those that were allowed or denied.")
    var status: Filter?

    @Option(help: "Only those denied for this reason, such as model_not_allowed.")
    var reason: Filter?

    @Option(help: "Not before this time, or so long ago: 2030-01-31T12:00:00Z, 90m, 7d.")
    var since: Filter?

    @Option(help: "Before this time, or so long ago.")
    var until: Filter?

    @Option(help: "decision (the default), management or all.")
    var type: Filter?

    @Option(help: "Export all that is asked for, as jsonl, csv or json.")
    var format: String?

    @Option(help: ArgumentHelp("Where an export goes; standard output.", valueName: "file"))
    var outputFile: String?

    @Option(help: "How many at most; with --follow, how many to begin with.")
    var limit: Int?

    @Option(help: "Go on where another list ended: its next_cursor.")
    var cursor: Filter?

    @Flag(help: "The oldest first.")
    var oldestFirst = false

    @Flag(
        name: [.short, .long],
        help: "Go on with new decisions, the oldest first, until stopped."
    )
    var follow = false

    func validate() throws {
        guard limit ?? 1 >= (follow ? 0 : 1) else {
            throw ValidationError("--limit must be at least \(follow ? 0 : 1)")
        }
        guard !follow || (until == nil && cursor == nil && !oldestFirst) else {
            throw ValidationError("--follow goes with neither --until, --cursor nor --oldest-first")
        }
        guard !follow || (format == nil && outputFile == nil) else {
            throw ValidationError("--follow goes with neither --format nor --output-file")
        }
        guard format.map({ ["json", "jsonl", "csv"].contains($0) }) ?? true else {
            throw ValidationError("--format must be json, jsonl or csv")
        }
    }

    func run() async throws {
        let query = [
            ("key_id", keyID?.text), ("model", model?.text), ("status", status?.text),
            ("reason", reason?.text), ("since", since.map(Audit.time)),
            ("until", until.map(Audit.time)), ("type", type?.text),
            ("sort", oldestFirst ? "timestamp" : nil),
        ]
        try await connection.withClient { client in
            if format != nil || outputFile != nil {
                let all = limit.map { "\($0)" } ?? "all"
                let more = [
                    ("format", format ?? "jsonl"), ("limit", all), ("cursor", cursor?.text),
                ]
                try await AuditDownload(client: client, query: query + more, path: outputFile)
                    .run()
                return
            }
            let list = PagedList(
                client: client,
                path: "/v1/audit-logs",
                member: "logs",
                query: query
            )
            if follow {
                let follower = AuditFollower(
                    list: list,
                    output: connection.output,
                    table: AuditTable(of: type?.text)
                )
                try await follower.run(beginningWith: limit ?? 10)
            } else {
                try await show(list)
            }
        }
    }

    private func show(_ list: PagedList) async throws {
        let document = try await list.first(limit ?? 100, after: cursor?.text)
        try connection.output.show(document, table: AuditTable(of: type?.text).list)
        if connection.output == .table, let next = document["next_cursor"]?.string {
            Terminal.complain("there may be more: --limit, or --cursor \(next)")
        }
    }

    /// The time that a person means: a span counts back from now, the server judges the rest.
    static func time(_ filter: Filter) -> String {
        let text = filter.text
        guard text.last?.isLetter == true, let span = TimeSpan(argument: text) else { return text }
        let now = Int64(Date().timeIntervalSince1970)
        return Timestamp.text(WallTime(milliseconds: (now &- span.seconds) &* 1000))
    }
}
