internal import TollgateMetrics
internal import TollgateStore

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
