internal import TollgateMetrics
internal import TollgateStore

/// Something that goes wrong for a while, so that its beginning and its end are worth a line in the
/// log, and what happens in between is not.
struct Trouble: Equatable, Sendable {
    /// What has changed.
    enum Change: Equatable, Sendable {
        case began
        case ended
    }

    /// How many looks in a row must be good before it is over.
    private static let patience = 10

    private var goodLooks: Int?

    /// Looks again.
    ///
    /// - Parameter isBad: whether it went wrong since the last look.
    /// - Returns: what has changed, if anything has.
    mutating func look(isBad: Bool) -> Change? {
        if isBad {
            defer { goodLooks = 0 }
            return goodLooks == nil ? .began : nil
        }
        guard let looks = goodLooks else { return nil }
        guard looks + 1 >= Trouble.patience else {
            goodLooks = looks + 1
            return nil
        }
        goodLooks = nil
        return .ended
    }
}

/// What the log says about the disk: once when something begins to go wrong, and once when it is over.
struct DiskWatch: Sendable {
    /// What takes longer holds up answers, or leaves that much at the mercy of the power supply; one
    /// of `LatencyBounds.nanoseconds`.
    private static let slow: UInt64 = 1_000_000_000

    private var last: JournalStatistics
    private var slowness = Trouble()
    private var snapshots = Trouble()
    private var seals = Trouble()

    /// Begins to watch.
    init(_ statistics: JournalStatistics) {
        last = statistics
    }

    /// Looks at what the journal has counted meanwhile.
    ///
    /// - Returns: the lines to log: what it is about, and whether it begins or ends.
    mutating func look(_ now: JournalStatistics) -> [(line: String, change: Trouble.Change)] {
        let isSlow =
            now.appendTimes.since(last.appendTimes).count(beyond: DiskWatch.slow) > 0
            || now.syncTimes.since(last.syncTimes).count(beyond: DiskWatch.slow) > 0
        let changes = [
            ("writing the journal takes longer than a second", slowness.look(isBad: isSlow)),
            (
                "the ledger cannot be written",
                snapshots.look(isBad: now.failedSnapshots != last.failedSnapshots)
            ),
            (
                "the audit log cannot be sealed",
                seals.look(isBad: now.failedSeals != last.failedSeals)
            ),
        ]
        last = now
        return changes.compactMap { line, change in change.map { (line, $0) } }
    }
}
