package import TollgateCore

/// Folds journal blocks, in order, into counters and holds: what the ledger keeps of them.
///
/// The same fold makes the snapshots of a running server and replays the journal's tail at the
/// start; it changes counters by the methods that decisions change them by.
package struct LedgerFold: Sendable {
    /// The counters that have changed, whole.
    package private(set) var counters: [SubjectID: Counters] = [:]
    /// What became of holds.
    private var holds = HoldFold()

    package init() {}

    /// Holds that began, and that are open or expired now.
    package var begun: [ReservationID: LedgerHold] {
        var begun: [ReservationID: LedgerHold] = [:]
        try? holds.forEachBegun { begun[$0.reservation] = $0 }
        return begun
    }

    /// Holds that began before and have expired: what counts of them now.
    package var expired: [ReservationID: Amounts] {
        var expired: [ReservationID: Amounts] = [:]
        try? holds.forEachExpired { expired[$0] = $1 }
        return expired
    }

    /// Reservations that were settled, in the order in which they were.
    package var settled: [SettledReservation] { holds.settled }

    /// Reservations that were withdrawn: nothing is left of them, not even for a repeat.
    package var withdrawn: [ReservationID] { holds.withdrawn }

    /// The latest time of a block.
    package var lastTime: Now? { holds.lastTime }

    /// Folds one block.
    ///
    /// - Parameters:
    ///   - block: the next block of the journal.
    ///   - load: the counters of a subject as they were before the first block; nil for new ones.
    /// - Throws: `.corrupt` when the block makes no sense, or what `load` throws. The fold is then
    ///   not to be used.
    package mutating func add(
        _ block: Span<UInt8>,
        load: (SubjectID) throws(StorageError) -> Counters?
    ) throws(StorageError) {
        // Taken out meanwhile: both parts change.
        var counters = self.counters
        self.counters = [:]
        try holds.add(block) { (subject, change) throws(StorageError) in
            if counters[subject] == nil { counters[subject] = try load(subject) ?? Counters() }
            change(&counters[subject, default: Counters()])
        }
        self.counters = counters
    }
}
