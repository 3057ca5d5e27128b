internal import TollgateCore
internal import TollgateEngine

/// The row that says what all rows of the ledger add up to; a snapshot counts because of it.
struct LedgerHead: Equatable, Sendable {
    /// A key before those of all subjects.
    static let key: [UInt8] = [0]

    private static let version: UInt8 = 1

    /// The last position that the ledger includes.
    var position: UInt64 = 0
    /// The latest time of the blocks up to there; nil for a new journal.
    var time: Now?
    /// The log of holds.
    var log = HoldLogSize()

    /// A ledger that includes nothing.
    init() {}

    /// The head of a snapshot of the database.
    ///
    /// - Throws: `.corrupt` when it is damaged.
    init(in snapshot: Snapshot) throws(StorageError) {
        guard let value = try snapshot.value(of: LedgerHead.key.span, in: .counters) else { return }
        var reader = ByteReader(value.bytes, "the head of the ledger")
        let version: UInt8 = try reader.number()
        guard version == LedgerHead.version else {
            throw StorageError(.corrupt, "a ledger of version \(version)")
        }
        position = try reader.number()
        let hasTime: UInt8 = try reader.number()
        let wall: Int64 = try reader.number()
        let monotonic: Int64 = try reader.number()
        if hasTime != 0 {
            time = Now(
                wall: WallTime(milliseconds: wall),
                monotonic: MonotonicTime(nanoseconds: monotonic)
            )
        }
        log.base = try reader.number()
        log.rows = try reader.number()
        log.begun = try reader.number()
        log.endings = try reader.number()
        log.liveEntries = try reader.number()
        log.liveRows = try reader.number()
        guard reader.isAtEnd else { throw reader.damaged() }
    }

    /// The row's value.
    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 72)
        writer.append(LedgerHead.version)
        writer.append(position)
        writer.append(UInt8(time == nil ? 0 : 1))
        writer.append(time?.wall.milliseconds ?? 0)
        writer.append(time?.monotonic.nanoseconds ?? 0)
        writer.append(log.base)
        writer.append(log.rows)
        writer.append(log.begun)
        writer.append(log.endings)
        writer.append(log.liveEntries)
        writer.append(log.liveRows)
        return writer.bytes
    }
}

/// How long the log of holds is.
struct HoldLogSize: Equatable, Sendable {
    /// The position at which it was last written anew; zero for never.
    ///
    /// Older rows do not count.
    var base: UInt64 = 0
    var rows: UInt64 = 0
    /// How many holds it has, whatever became of them.
    var begun: UInt64 = 0
    /// How many ends of holds were added since: what makes entries useless.
    var endings: UInt64 = 0
    /// How long it was when it was last written anew, and everything in it mattered.
    var liveEntries: UInt64 = 0
    var liveRows: UInt64 = 0

    /// Whether so much of it may be useless that it should be written anew.
    func isWorthRewriting(slack: Int) -> Bool {
        endings > max(liveEntries, UInt64(clamping: slack)) || rows &- liveRows > liveRows + 4096
    }
}
