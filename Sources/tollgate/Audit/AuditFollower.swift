internal import TollgateAdmin
internal import TollgateCore

/// Prints decisions as they come, each once, in the order in which they were made.
struct AuditFollower {
    let list: PagedList
    let output: OutputFormat
    let table: AuditTable

    /// How many decisions are fetched at once when many came between two looks; older ones that do
    /// not fit are left out, and that is said.
    private static let batchLimit = 50_000

    /// How far back each look goes behind what was the newest decision of all at the look before:
    /// more than a clock that is set steps back, and little for a server to search.
    private static let marginMilliseconds: Int64 = 60_000

    /// Prints the newest decisions, then those that come, until the process is stopped or nobody
    /// reads any more.
    ///
    /// - Throws: when there is nothing to read, or it cannot be printed.
    func run(beginningWith count: Int) async throws {
        do {
            try await follow(beginningWith: count)
        } catch let problem as StandardOutput.Problem {
            // Whoever reads has seen enough, as in `| head`: it is how a list without an end is to
            // end, and so no failure.
            guard problem.isReaderGone else { throw CommandFailure.failed("\(problem)") }
        }
    }

    private func follow(beginningWith count: Int) async throws {
        var last: LogID?
        let first = try await list.page(after: nil, limit: max(count, 1))
        last = first.entries.first.flatMap { LogID($0) }
        try show(Array(first.entries.prefix(count)), withHeadings: true)
        var since = try await searchStart()
        var isReachable = true
        // Where nothing comes, nothing is written that would tell that nobody reads.
        while !StandardOutput.isAbandoned {
            try await Task.sleep(for: .seconds(1))
            do {
                let next = try await searchStart()
                let new = try await entries(after: last, since: since)
                since = next
                last = new.first.flatMap { LogID($0) } ?? last
                try show(new, withHeadings: false)
                isReachable = true
            } catch let error as APIClient.Trouble {
                // A server that restarts is worth waiting for, and worth one line.
                if isReachable { Terminal.complain("\(error.failure.message); trying again") }
                isReachable = false
            }
        }
    }

    /// The time from which a look must search: that of the newest decision of all, less the margin,
    /// but not before what was asked for; nil when there is neither.
    private func searchStart() async throws -> String? {
        let newest = try await list.filtered([]).page(after: nil, limit: 1).entries.first
        let recent = newest.flatMap { Timestamp.time($0.cell("timestamp")) }.map { time in
            WallTime(milliseconds: time.milliseconds &- AuditFollower.marginMilliseconds)
        }
        let asked = list.query.first { $0.0 == "since" }?.1.flatMap { Timestamp.time($0) }
        return [recent, asked].compactMap { $0 }.max().map { Timestamp.text($0) }
    }

    /// The decisions that are newer than one, the newest first.
    private func entries(after last: LogID?, since: String?) async throws -> [JSONValue] {
        let list = list.filtered(list.query.filter { $0.0 != "since" } + [("since", since)])
        var entries: [JSONValue] = []
        var cursor: String?
        repeat {
            let page = try await list.page(after: cursor, limit: 1000)
            let new = page.entries.prefix { entry in
                guard let last, let id = LogID(entry) else { return true }
                return id > last
            }
            entries += new
            cursor = new.count == page.entries.count ? page.next : nil
            if entries.count >= AuditFollower.batchLimit, cursor != nil {
                Terminal.complain("more decisions than can be shown: some are left out")
                cursor = nil
            }
        } while cursor != nil
        return entries
    }

    /// Prints decisions that come the newest first.
    private func show(
        _ entries: [JSONValue],
        withHeadings: Bool
    ) throws(StandardOutput.Problem) {
        let lines: [String] =
            switch output {
            case .json: entries.reversed().map { $0.text() }
            case .table: table.following(entries.reversed(), withHeadings: withHeadings)
            }
        if !lines.isEmpty { try StandardOutput.write(line: lines.joined(separator: "\n")) }
    }
}

/// The id of a recorded decision, `log_<block>_<place>`, which grows with time.
struct LogID: Comparable {
    private let block: UInt64
    private let place: UInt64

    /// The id of an entry; nil when it has none that can be read.
    init?(_ entry: JSONValue) {
        let parts = entry.cell("id").split(separator: "_")
        guard
            parts.count == 3, let block = UInt64(parts[1]), let place = UInt64(parts[2])
        else { return nil }
        self.block = block
        self.place = place
    }

    static func < (left: LogID, right: LogID) -> Bool {
        (left.block, left.place) < (right.block, right.place)
    }
}
