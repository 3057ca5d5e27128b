internal import TollgateCore

/// A hold that has ended, and what it was counted on.
struct EndedHold {
    /// As it was until it ended.
    let hold: LedgerHold
    /// What counts from now on.
    let used: Amounts
    let meters: HoldMeters

    /// Puts what was used in its place.
    fileprivate func count(at now: Now, in keys: KeyTable) {
        meters.forEachMeter(in: keys) { meter, level in
            meter.counters.settle(
                SettledCharge(
                    hold.hold,
                    level: level,
                    counted: hold.counted,
                    used: used,
                    isOpen: hold.isOpen
                ),
                at: now.monotonic
            )
        }
    }
}

/// The holds that a turn has ended, until it is in the journal.
struct EndedHolds {
    private var holds: [EndedHold] = []

    /// Adds a hold that ends.
    mutating func append(_ hold: EndedHold) {
        holds.append(hold)
    }

    mutating func removeAll() {
        holds.removeAll(keepingCapacity: true)
    }

    /// Counts them, now that they are in the journal.
    ///
    /// Until the ledger has come so far, their keys stay in memory.
    func count(at now: Now, _ position: JournalPosition, in books: Books) {
        for index in holds.indices {
            let hold = holds[index]
            hold.count(at: now, in: books.keys)
            books.holds.recorded(hold.hold.reservation)
            hold.meters.endRecorded(at: position)
        }
    }
}
