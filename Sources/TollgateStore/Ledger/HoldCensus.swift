internal import TollgateCore
internal import TollgateEngine

/// What still matters of the log of holds: found by reading it once, so that reading it again can
/// tell each entry whether to pass it on.
///
/// Takes some 40 bytes of memory for each hold that is pending, and 80 more if it has expired.
struct HoldCensus {
    /// How a hold has expired that began in an earlier row.
    private struct Expiry {
        let counted: Amounts
        let time: WallTime
    }

    private let size: HoldLogSize
    private let position: UInt64
    private let snapshot: Snapshot
    private let options: LedgerOptions
    /// What happened before does not matter any more.
    private let oldest: WallTime

    /// The holds that nobody has settled or withdrawn, and whether they are open.
    private var pending: [ReservationID: Bool] = [:]
    private var expiries: [ReservationID: Expiry] = [:]
    private var settledCount = 0

    /// Reads the log.
    ///
    /// - Parameters:
    ///   - size: which part of it counts.
    ///   - position: the last position that counts.
    ///   - now: the latest time of the journal.
    ///   - snapshot: where to read.
    ///   - options: what matters.
    /// - Throws: `.corrupt` when the log is damaged.
    init(
        _ size: HoldLogSize,
        upTo position: UInt64,
        at now: WallTime,
        in snapshot: Snapshot,
        _ options: LedgerOptions
    ) throws(StorageError) {
        self.size = size
        self.position = position
        self.snapshot = snapshot
        self.options = options
        // The count is read from the disk: only as much as there can be.
        pending.reserveCapacity(Int(clamping: min(size.begun, 4_000_000)))
        oldest = WallTime(milliseconds: now.milliseconds.addingSaturated(-options.memory))
        try HoldLog.forEachRow(size, upTo: position, in: snapshot) {
            (row, reader) throws(StorageError) in
            for _ in 0..<row.count { try note(row, &reader) }
            guard reader.isAtEnd else { throw reader.damaged() }
        }
    }

    private mutating func note(
        _ row: HoldLogRow,
        _ reader: inout ByteReader
    ) throws(StorageError) {
        switch row.kind {
        case .begun:
            let (id, isOpen) = try HoldCodec.outline(try HoldCodec.next(&reader))
            pending[id] = isOpen
        case .expired:
            let id = ReservationID(rawValue: try reader.number())
            let expiry = Expiry(counted: try reader.amounts(), time: row.time)
            guard pending[id] != nil else { return }
            pending[id] = false
            expiries[id] = expiry
        case .settled:
            end(ReservationID(rawValue: try reader.number()))
            _ = try reader.number(Int64.self)
            settledCount += row.time < oldest ? 0 : 1
        case .withdrawn:
            end(ReservationID(rawValue: try reader.number()))
        }
    }

    private mutating func end(_ id: ReservationID) {
        if pending.removeValue(forKey: id) == false { expiries[id] = nil }
    }

    /// Calls with each hold that is pending, as it is now, in the order in which they began.
    ///
    /// - Throws: what reading or the body throws.
    func forEachPending(
        _ body: (StoredHold) throws(StorageError) -> Void
    ) throws(StorageError) {
        var surplus = pending.count { !$0.value } - options.expiredLimit
        try forEachRow(.begun) { (row, reader) throws(StorageError) in
            let entry = try HoldCodec.next(&reader)
            guard let stored = try current(entry) else { return }
            if let expiredAt = stored.expiredAt {
                surplus -= 1
                if surplus >= 0 || expiredAt < oldest { return }
            }
            try body(stored)
        }
    }

    /// Calls with each reservation that was settled, and when, in that order.
    ///
    /// - Throws: what reading or the body throws.
    func forEachSettled(
        _ body: (SettledReservation, WallTime) throws(StorageError) -> Void
    ) throws(StorageError) {
        var surplus = settledCount - options.settledLimit
        try forEachRow(.settled) { (row, reader) throws(StorageError) in
            let id = ReservationID(rawValue: try reader.number())
            let cost = Money(nanos: try reader.number())
            if row.time < oldest { return }
            surplus -= 1
            if surplus >= 0 { return }
            try body(SettledReservation(reservation: id, cost: cost), row.time)
        }
    }

    private func forEachRow(
        _ kind: HoldLog.Kind,
        _ body: (HoldLogRow, inout ByteReader) throws(StorageError) -> Void
    ) throws(StorageError) {
        try HoldLog.forEachRow(size, upTo: position, in: snapshot) {
            (row, reader) throws(StorageError) in
            guard row.kind == kind else { return }
            for _ in 0..<row.count { try body(row, &reader) }
        }
    }

    /// A hold as it is now; nil when it is not pending any more.
    private func current(_ entry: Span<UInt8>) throws(StorageError) -> StoredHold? {
        let (id, _) = try HoldCodec.outline(entry)
        guard let isOpen = pending[id] else { return nil }
        var stored = try HoldCodec.read(entry)
        if !isOpen, let expiry = expiries[id] {
            stored.hold.isOpen = false
            stored.hold.counted = expiry.counted
            stored.expiredAt = expiry.time
        }
        return stored
    }
}
