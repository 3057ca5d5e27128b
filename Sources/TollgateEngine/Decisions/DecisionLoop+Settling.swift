package import TollgateCore

/// The ends of holds.
extension DecisionLoop {
    /// The prompt of a hold as it was checked, for reports that cannot tell; 0 when that is not known
    /// either.
    package func heldInput(of reservation: ReservationID) -> UInt64 {
        guard case .pending(let hold) = books.holds.standing(of: reservation, for: number) else {
            return 0
        }
        return hold.hold.inputTokens
    }

    /// Settles a hold by what its request really used.
    ///
    /// The first report counts; a repeat gets the first one's answer. A hold that has expired is
    /// settled all the same, once: what was used takes the place of what the expiry left.
    ///
    /// - Returns: what became of the report; it counts only once `commit` has returned.
    /// - Throws: `.unknownReservation`, `.beingSettled`, or what keeps the report from being recorded.
    package func settle(
        _ settlement: borrowing Settlement
    ) throws(EngineError) -> SettlementOutcome {
        try requireRoom(for: SettlementRecord.lengthLimit)
        let reservation = settlement.reservation
        guard reservation != .none else { throw .unknownReservation }
        switch books.holds.standing(of: reservation, for: number) {
        case .unknown:
            tally.count(.unknown)
            throw .unknownReservation
        case .ending: throw .beingSettled
        case .settled(let cost):
            tally.count(.duplicate)
            return SettlementOutcome(.duplicate, cost: cost)
        case .pending(let hold):
            let usage = usage(of: settlement, hold)
            let ended = try end(hold, used: usage.amounts, settlement) { [books, number] in
                let hold = books.holds.settle(reservation, cost: usage.cost, by: number)
                return hold.map { ($0, $0.isOpen ? .applied : .late) }
            }
            switch ended {
            case .applied: return SettlementOutcome(.applied, cost: usage.cost)
            case .late: return SettlementOutcome(.late, cost: usage.cost)
            // Somebody else was faster, and nobody knows yet what becomes of that.
            default: throw .beingSettled
            }
        }
    }

    /// What a report says was used, at the price of the model that was billed.
    private func usage(of settlement: borrowing Settlement, _ hold: LedgerHold) -> Usage {
        let price = prices.price(ofBilled: settlement.model, held: hold.hold.price)
        let tokens = settlement.tokens
        let isVoid = settlement.isVoid
        // More than an amount can say stands for the most that one can.
        let cost = price.map { $0.cost(of: tokens) ?? Money(nanos: .max) } ?? .zero
        return Usage(tokens: tokens, cost: isVoid ? .zero : cost, isVoid: isVoid)
    }

    /// Ends holds whose time is over, by their keys' policies.
    ///
    /// One that cannot be ended keeps none of the others from it, and is tried again later.
    ///
    /// - Parameter limit: how many at most, so that a turn stays short.
    /// - Returns: how many have ended, and what kept the first from it that could not be.
    package func expireHolds(limit: Int) -> (count: Int, problem: EngineError?) {
        var overdue: [LedgerHold] = []
        for shard in 0..<books.holds.shardCount {
            while overdue.count < limit,
                let hold = books.holds.nextOverdue(shard: shard, at: now.monotonic)
            { overdue.append(hold) }
        }
        // Known only now that they are found.
        let oldestTurn = engine.openTurns.oldest
        var count = 0
        var problem: EngineError?
        for hold in overdue {
            do {
                guard hold.hold.chargedAt.monotonic < oldestTurn else {
                    books.holds.postpone(hold.reservation)
                    continue
                }
                try expire(hold, Settlement())
                count += 1
            } catch {
                problem = problem ?? error
                books.holds.postpone(hold.reservation)
            }
        }
        return (count, problem)
    }

    /// Ends a hold by its key's policy before its time is over: its request has ended, and nobody can
    /// tell what it used.
    ///
    /// A hold that has ended stays as it is. A report that comes later counts all the same, once.
    ///
    /// - Parameter settlement: which hold, and how its request ended.
    /// - Throws: what keeps the end from being recorded; the hold then stays.
    package func abandon(_ settlement: borrowing Settlement) throws(EngineError) {
        let standing = books.holds.standing(of: settlement.reservation, for: number)
        guard case .pending(let hold) = standing, hold.isOpen else { return }
        try expire(hold, settlement)
    }

    private func expire(
        _ hold: LedgerHold,
        _ settlement: borrowing Settlement
    ) throws(EngineError) {
        try requireRoom(for: SettlementRecord.lengthLimit)
        guard let key = try books.keys.key(hold.key) else { throw .unknownReservation }
        let used = hold.hold.unsettled(key.account.withLock { key.rules.unsettled })
        _ = try end(hold, used: used, settlement) { [books, number] in
            books.holds.expire(hold.reservation, leaving: used, by: number).map { ($0, .expired) }
        }
    }

    /// Gives back what requests hold whose answers never left.
    ///
    /// - Parameters:
    ///   - reservations: the holds; those that are not in the journal are not in the books.
    ///   - books: which books; new ones, or those in use.
    /// - Returns: the holds that could not be ended now.
    /// - Throws: when the journal cannot be written; then the books are not to be used.
    func withdraw(
        _ reservations: [ReservationID],
        from books: Books
    ) throws(StorageError) -> [ReservationID] {
        self.books = books
        var left: [ReservationID] = []
        for reservation in reservations {
            guard case .pending(let hold) = books.holds.standing(of: reservation, for: number)
            else { continue }
            if !endRecords.hasRoom(for: SettlementRecord.lengthLimit) { try commitWithdrawals() }
            do {
                _ = try end(hold, used: .zero, Settlement()) {
                    books.holds.withdraw(reservation).map { ($0, .withdrawn) }
                }
            } catch {
                left.append(reservation)
            }
        }
        try commitWithdrawals()
        return left
    }

    private func commitWithdrawals() throws(StorageError) {
        do {
            _ = try commit()
        } catch {
            guard case .storage(let error) = error else { throw .unwritable }
            throw error
        }
    }

    /// Puts what was used in the place of a hold, on all meters, once it is in the journal.
    ///
    /// Not before: what is given back and lost with a failed write would otherwise have been given
    /// to somebody else meanwhile.
    ///
    /// - Parameters:
    ///   - hold: the hold as it was seen.
    ///   - used: what counts from then on.
    ///   - settlement: what was reported.
    ///   - take: ends the hold in the table, once nothing can fail any more, and says how; nil when
    ///     somebody else was faster.
    /// - Returns: how the hold has ended here, if it has.
    /// - Throws: when a meter cannot be loaded; then nothing has changed.
    private func end(
        _ hold: LedgerHold,
        used: Amounts,
        _ settlement: borrowing Settlement,
        _ take: () -> (LedgerHold, Settlement.Ending)?
    ) throws(EngineError) -> Settlement.Ending? {
        while let key = try books.keys.key(hold.key) {
            guard let meters = try meters(of: hold, key) else { continue }
            guard let (hold, ending) = take() else {
                meters.endCancelled()
                return nil
            }
            endedHolds.append(EndedHold(hold: hold, used: used, meters: meters))
            guard SettlementRecord.write(hold, ending, used: used, settlement, to: &endRecords)
            else {
                preconditionFailure("room for the record was made before")
            }
            tally.count(SettlementFate(ending))
            return ending
        }
        throw .unknownReservation
    }

    private func meters(
        of hold: LedgerHold,
        _ key: ActiveKey
    ) throws(EngineError) -> HoldMeters? {
        do { return try HoldMeters(of: hold, key, books.loader) } catch { throw .storage(error) }
    }
}
