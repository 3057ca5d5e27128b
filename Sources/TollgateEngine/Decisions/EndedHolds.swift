internal import TollgateCore

/// A hold that has ended, and what it was counted on.
struct EndedHold {
    /// As it was until it ended.
    let hold: LedgerHold
    /// What counts from now on.
    let used: Amounts
    let key: ActiveKey
    let meters: [4 of Meter?]

    /// Puts what was used in its place; the lock of the key's account must be held.
    fileprivate func count(at now: Now) {
        for level in 0..<MeterChain.levelCount {
            meters[level]?.counters.settle(
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

    /// Adds a hold that ends; the lock of its key's account must be held.
    mutating func append(_ hold: EndedHold) {
        hold.key.footprint.ended()
        hold.key.account.footprint.ended()
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
            hold.key.account.withLock { hold.count(at: now) }
            books.holds.recorded(hold.hold.reservation)
            hold.key.footprint.recorded(at: position)
            hold.key.account.footprint.recorded(at: position)
        }
    }
}
