internal import TollgateCore

/// One part of the hold table: plain bookkeeping, under the part's lock.
///
/// A hold takes some 200 bytes here, a settled reservation some 50.
struct PendingHolds: Sendable {
    private var holds = Slab<PendingHold>()
    private var places = PlaceTable()
    private var terms = TermsTable()
    /// The open ones, the oldest first, but for those that somebody is about to end.
    private var open = HoldQueue()
    /// The expired ones, the oldest first.
    private var expired = HoldQueue()
    private var settled: SettledHolds
    private let pendingLimit: Int

    init(pendingLimit: Int, settledLimit: Int) {
        self.pendingLimit = pendingLimit
        settled = SettledHolds(limit: settledLimit)
    }

    /// How many there are.
    var count: Int { holds.count }

    mutating func insert(_ hold: LedgerHold) {
        if let old = place(of: hold.reservation) { remove(at: old) }
        let place = holds.insert(PendingHold(hold, terms: terms.use(HoldTerms(hold.hold))))
        places.insert(hold.reservation.rawValue, at: place)
        if hold.isOpen {
            open.append(place, in: &holds)
        } else {
            appendExpired(place)
        }
    }

    func standing(of reservation: ReservationID, for loop: UInt32) -> HoldTable.Standing {
        if let place = place(of: reservation) {
            let other = holds[place].endingLoop
            return other == 0 || other == loop ? .pending(whole(place)) : .ending
        }
        guard let settled = settled.find(reservation) else { return .unknown }
        guard settled.loop == nil || settled.loop == loop else { return .ending }
        return .settled(cost: settled.cost)
    }

    mutating func remove(_ reservation: ReservationID) -> LedgerHold? {
        guard let place = place(of: reservation) else { return nil }
        let hold = whole(place)
        remove(at: place)
        return hold
    }

    mutating func settle(_ reservation: ReservationID, cost: Money, by loop: UInt32?) {
        settled.insert(reservation, cost: cost, by: loop)
    }

    mutating func expire(
        _ reservation: ReservationID,
        leaving counted: Amounts,
        by loop: UInt32
    ) -> LedgerHold? {
        guard let place = place(of: reservation), holds[place].isOpen else { return nil }
        let hold = whole(place)
        open.remove(place, in: &holds)
        holds[place].expire(leaving: counted, by: loop)
        appendExpired(place)
        return hold
    }

    mutating func recorded(_ reservation: ReservationID) {
        if let place = place(of: reservation) { holds[place].endingLoop = 0 }
        settled.recorded(reservation)
    }

    mutating func nextOverdue(age: Int64, at now: MonotonicTime) -> LedgerHold? {
        forgetExpired(at: now)
        guard let oldest = open.first else { return nil }
        let waited = now.nanoseconds.addingSaturated(holds[oldest].since.negatedSaturated)
        // Those that were found and are about to end do not crowd the others any more.
        guard waited >= age || open.count + expired.count > pendingLimit else { return nil }
        open.remove(oldest, in: &holds)
        return whole(oldest)
    }

    mutating func postpone(_ reservation: ReservationID) {
        guard let place = place(of: reservation), holds[place].isOpen else { return }
        open.remove(place, in: &holds)
        open.append(place, in: &holds)
    }

    // MARK: Expired holds

    /// Whoever settles one that was forgotten is told that it never existed: nothing is counted
    /// twice.
    private mutating func appendExpired(_ place: Int) {
        expired.append(place, in: &holds)
        while expired.count > max(1, pendingLimit / 4), let oldest = expired.first {
            remove(at: oldest)
        }
    }

    private mutating func forgetExpired(at now: MonotonicTime) {
        while let oldest = expired.first {
            let waited = now.nanoseconds.addingSaturated(holds[oldest].since.negatedSaturated)
            guard waited > LedgerHold.longestWait else { return }
            remove(at: oldest)
        }
    }

    // MARK: Places

    private func place(of reservation: ReservationID) -> Int? {
        places.place(of: reservation.rawValue) { holds[$0].reservation == reservation }
    }

    private func whole(_ place: Int) -> LedgerHold {
        holds[place].whole(terms[holds[place].terms])
    }

    private mutating func remove(at place: Int) {
        if holds[place].isOpen {
            open.remove(place, in: &holds)
        } else {
            expired.remove(place, in: &holds)
        }
        places.remove(holds[place].reservation.rawValue, at: place)
        terms.release(holds[place].terms)
        holds.remove(at: place)
    }
}
