internal import TollgateCore
internal import TollgateEngine

/// What still matters of the log of holds: found by reading it once, so that reading it again can
/// tell each entry whether to pass it on.
///
/// Takes some 50 bytes of memory for each hold that the log has, and 32 more if it has expired since.
struct HoldCensus {
    /// A hold that began.
    private struct Entry {
        let reservation: ReservationID
        var state: State
    }

    /// What has become of it.
    private enum State {
        case open
        /// It had expired when its entry was written, which says how.
        case expired
        /// It has expired since: the number of its expiry.
        case expiredSince(UInt32)
        case ended
    }

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

    /// In the order of the log.
    private var begun: ContiguousArray<Entry> = []
    private var places = PlaceTable()
    private var expiries: ContiguousArray<Expiry> = []
    private var expiredCount = 0
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
        let expected = Int(clamping: min(size.begun, 4_000_000))
        begun.reserveCapacity(expected)
        places.reserve(expected)
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
            places.insert(id.rawValue, at: begun.count)
            begun.append(Entry(reservation: id, state: isOpen ? .open : .expired))
            expiredCount += isOpen ? 0 : 1
        case .expired:
            let id = ReservationID(rawValue: try reader.number())
            let expiry = Expiry(counted: try reader.amounts(), time: row.time)
            guard let place = place(of: id) else { return }
            if case .open = begun[place].state { expiredCount += 1 }
            begun[place].state = .expiredSince(UInt32(truncatingIfNeeded: expiries.count))
            expiries.append(expiry)
        case .settled:
            end(ReservationID(rawValue: try reader.number()))
            _ = try reader.number(Int64.self)
            settledCount += row.time < oldest ? 0 : 1
        case .withdrawn:
            end(ReservationID(rawValue: try reader.number()))
        }
    }

    private mutating func end(_ id: ReservationID) {
        guard let place = place(of: id) else { return }
        if case .open = begun[place].state {} else { expiredCount -= 1 }
        begun[place].state = .ended
        places.remove(id.rawValue, at: place)
    }

    private func place(of id: ReservationID) -> Int? {
        places.place(of: id.rawValue) { begun[$0].reservation == id }
    }

    /// Calls with each hold that is pending, as it is now, in the order in which they began.
    ///
    /// - Throws: what reading or the body throws.
    func forEachPending(
        _ body: (StoredHold) throws(StorageError) -> Void
    ) throws(StorageError) {
        var surplus = expiredCount - options.expiredLimit
        var place = 0
        try forEachRow(.begun) { (row, reader) throws(StorageError) in
            let entry = try HoldCodec.next(&reader)
            // The same rows as before, so this is the same hold.
            guard place < begun.count else { throw reader.damaged() }
            let state = begun[place].state
            place += 1
            guard let stored = try current(entry, state) else { return }
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
    private func current(
        _ entry: Span<UInt8>,
        _ state: State
    ) throws(StorageError) -> StoredHold? {
        if case .ended = state { return nil }
        var stored = try HoldCodec.read(entry)
        if case .expiredSince(let number) = state {
            let expiry = expiries[Int(number)]
            stored.hold.isOpen = false
            stored.hold.counted = expiry.counted
            stored.expiredAt = expiry.time
        }
        return stored
    }
}
