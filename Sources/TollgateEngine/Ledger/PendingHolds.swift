internal import TollgateCore

/// One part of the hold table: plain bookkeeping, under the part's lock.
struct PendingHolds {
    private struct Settled {
        let cost: Money
        /// Who has settled it in a turn that is not in the journal yet.
        var loop: UInt32?
    }

    private(set) var pending: [ReservationID: LedgerHold] = [:]
    /// Who lets a hold expire in a turn that is not in the journal yet.
    private var expiring: [ReservationID: UInt32] = [:]
    /// The open ones, the oldest first; some may be settled by now.
    private var open = Queue<ReservationID>()
    /// The expired ones, the oldest first; some may be settled by now.
    private var expired = Queue<ReservationID>()
    private var settled: [ReservationID: Settled] = [:]
    private var settledOrder = Queue<ReservationID>()
    private let pendingLimit: Int
    private let settledLimit: Int

    init(pendingLimit: Int, settledLimit: Int) {
        self.pendingLimit = pendingLimit
        self.settledLimit = settledLimit
    }

    mutating func insert(_ hold: LedgerHold) {
        pending[hold.reservation] = hold
        guard hold.isOpen else { return appendExpired(hold.reservation) }
        open.append(hold.reservation)
        // One that nobody settles would keep all that were settled behind it in the queue.
        if open.count > 2 * pending.count + 64 {
            open.removeAll { pending[$0]?.isOpen != true }
        }
    }

    func standing(of reservation: ReservationID, for loop: UInt32) -> HoldTable.Standing {
        if let hold = pending[reservation] {
            guard let other = expiring[reservation], other != loop else { return .pending(hold) }
            return .ending
        }
        guard let settled = settled[reservation] else { return .unknown }
        guard settled.loop == nil || settled.loop == loop else { return .ending }
        return .settled(cost: settled.cost)
    }

    mutating func remove(_ reservation: ReservationID) -> LedgerHold? {
        pending.removeValue(forKey: reservation)
    }

    mutating func settle(_ reservation: ReservationID, cost: Money, by loop: UInt32?) {
        settled[reservation] = Settled(cost: cost, loop: loop)
        settledOrder.append(reservation)
        while settledOrder.count > settledLimit, let oldest = settledOrder.popFirst() {
            settled[oldest] = nil
        }
    }

    mutating func expire(
        _ reservation: ReservationID,
        leaving counted: Amounts,
        by loop: UInt32
    ) -> LedgerHold? {
        guard let hold = pending[reservation], hold.isOpen else { return nil }
        pending[reservation]?.isOpen = false
        pending[reservation]?.counted = counted
        expiring[reservation] = loop
        appendExpired(reservation)
        return hold
    }

    mutating func recorded(_ reservation: ReservationID) {
        settled[reservation]?.loop = nil
        expiring[reservation] = nil
    }

    mutating func nextOverdue(age: Int64, at now: MonotonicTime) -> LedgerHold? {
        forgetExpired(at: now)
        while let oldest = open.first {
            guard let hold = pending[oldest], hold.isOpen else {
                open.removeFirst()
                continue
            }
            let since = hold.hold.chargedAt.monotonic.nanoseconds
            let waited = now.nanoseconds.addingSaturated(since.negatedSaturated)
            guard waited >= age || pending.count > pendingLimit else { return nil }
            open.removeFirst()
            return hold
        }
        return nil
    }

    mutating func postpone(_ reservation: ReservationID) {
        if pending[reservation]?.isOpen == true { open.append(reservation) }
    }

    // MARK: Expired holds

    /// Whoever settles one that was forgotten is told that it never existed: nothing is counted
    /// twice.
    private mutating func appendExpired(_ reservation: ReservationID) {
        expired.append(reservation)
        if expired.count > 2 * pending.count + 64 {
            expired.removeAll { pending[$0]?.isOpen != false }
        }
        while expired.count > max(1, pendingLimit / 4), let oldest = expired.popFirst() {
            forget(oldest)
        }
    }

    private mutating func forgetExpired(at now: MonotonicTime) {
        while let oldest = expired.first {
            if let hold = pending[oldest], !hold.isForgotten(at: now) { return }
            expired.removeFirst()
            forget(oldest)
        }
    }

    private mutating func forget(_ reservation: ReservationID) {
        if pending[reservation]?.isOpen == false { pending[reservation] = nil }
    }
}

/// A first-in, first-out queue that does not move what is in it with each removal.
private struct Queue<Element> {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }

    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func removeFirst() {
        head += 1
        if head >= 64, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll(where isOver: (Element) -> Bool) {
        elements.removeFirst(head)
        head = 0
        elements.removeAll(where: isOver)
    }

    mutating func popFirst() -> Element? {
        guard let first else { return nil }
        removeFirst()
        return first
    }
}
