package import TollgateCore

/// Folds journal blocks, in order, into what becomes of holds; whoever keeps the counters changes
/// them meanwhile.
package struct HoldFold: Sendable {
    private var begun = ReservationList<LedgerHold>()
    private var expired = ReservationList<Amounts>()
    /// Reservations that were settled, in the order in which they were.
    package private(set) var settled: [SettledReservation] = []
    /// Reservations that were withdrawn: nothing is left of them, not even for a repeat.
    package private(set) var withdrawn: [ReservationID] = []
    /// The latest time of a block.
    package private(set) var lastTime: Now?

    package init() {}

    /// How many holds and ends of holds it has.
    package var count: Int { begun.count + expired.count + settled.count + withdrawn.count }

    /// Calls with each hold that began and is open or expired now, in the order in which they did.
    package func forEachBegun(
        _ body: (borrowing LedgerHold) throws(StorageError) -> Void
    ) throws(StorageError) {
        try begun.forEachEntry { (_, hold) throws(StorageError) in try body(hold) }
    }

    /// Calls with each hold that began before and has expired, and what counts of it now.
    package func forEachExpired(
        _ body: (ReservationID, Amounts) throws(StorageError) -> Void
    ) throws(StorageError) {
        try expired.forEachEntry { (id, counted) throws(StorageError) in try body(id, counted) }
    }

    /// Forgets everything but the time.
    package mutating func removeAll() {
        begun.removeAll()
        expired.removeAll()
        settled.removeAll(keepingCapacity: true)
        withdrawn.removeAll(keepingCapacity: true)
    }

    /// Folds one block.
    ///
    /// - Parameters:
    ///   - block: the next block of the journal.
    ///   - change: changes the counters of a subject.
    /// - Returns: how many records the block has.
    /// - Throws: `.corrupt` when the block makes no sense, or what `change` throws. Neither the fold
    ///   nor the counters are then to be used.
    @discardableResult
    package mutating func add(
        _ block: Span<UInt8>,
        change: (SubjectID, (inout Counters) -> Void) throws(StorageError) -> Void
    ) throws(StorageError) -> Int {
        var reader = try JournalBlockReader(block)
        let time = reader.now
        let count = Int(reader.left)
        lastTime = lastTime.map { max($0, time) } ?? time
        while let record = try reader.next() {
            switch record[2] {
            case ChargeRecord.type:
                let hold = try ChargeRecord.replay(record, at: time, count: change)
                begun.put(hold.reservation, hold)
            case SettlementRecord.type:
                end(try SettlementRecord.replay(record, at: time, count: change))
            default:
                break
            }
        }
        return count
    }

    private mutating func end(_ effect: SettlementRecord.Effect) {
        let id = effect.reservation
        switch effect.ending {
        case .expired:
            let isNew = begun.change(id) { hold in
                hold?.isOpen = false
                hold?.counted = effect.used
            }
            if !isNew { expired.put(id, effect.used) }
        case .applied, .late:
            forget(id)
            let cost = Money(nanos: effect.used.cost)
            settled.append(SettledReservation(reservation: id, cost: cost))
        case .withdrawn:
            forget(id)
            withdrawn.append(id)
        }
    }

    private mutating func forget(_ id: ReservationID) {
        begun.remove(id)
        expired.remove(id)
    }
}

private func max(_ left: Now, _ right: Now) -> Now {
    Now(
        wall: Swift.max(left.wall, right.wall),
        monotonic: Swift.max(left.monotonic, right.monotonic)
    )
}
