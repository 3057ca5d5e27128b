internal import SimulationTesting
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

/// Random questions and reports, and their comparison.
extension Twins {
    func check(_ loop: DecisionLoop) throws {
        let number = random.number(in: 0...RandomWorld.keyCount - 1)
        guard let key = book.keys.values.first(where: { $0.name == "key \((number + 1) * 64)" })
        else { return }
        let name = ["cheap", "odd", "odd", "gift", "free", "dear", ""][random.number(in: 0...6)]
        var request = CheckRequest()
        request.present(RandomWorld.secret(number))
        if !name.isEmpty { try request.set(.model, to: name) }
        request.tokens = tokens()
        if random.isOnce(in: 2) {
            request.inputTokens = UInt64(random.number(in: 0...200))
            if random.isOnce(in: 10) { request.inputTokens = tokens() }
        }
        request.isDryRun = random.isOnce(in: 8)
        let question = NaiveBook.Question(
            key: key.id,
            tokens: request.tokens,
            input: request.inputTokens,
            hasModel: !name.isEmpty,
            price: RandomWorld.prices[name],
            isDryRun: request.isDryRun
        )
        let verdict = try loop.check(&request)
        let expected = book.check(question, as: verdict.reservation, at: loop.now)
        let given = NaiveBook.Answer(verdict)
        log.append("check \(question): \(given)")
        reasons[given.reason, default: 0] += 1
        if given.monitored != .allowed { reasons[given.monitored, default: 0] += 1 }
        guard given == expected else {
            throw Difference(description: "verdict \(given), but expected \(expected)")
        }
        let isHeld = verdict.isAllowed && !question.isDryRun
        guard isHeld == (verdict.reservation != .none) else {
            throw Difference(description: "a reservation without a hold, or the other way round")
        }
        if isHeld { begun.append(verdict.reservation) }
    }

    /// Mostly what limits bind, sometimes what nobody needs.
    private func tokens() -> UInt64 {
        let extremes: [UInt64] = [0, 1, 1 << 40, 1 << 40 + 1, 1 << 62, 1 << 63, .max]
        if random.isOnce(in: 12) { return extremes[random.number(in: 0...extremes.count - 1)] }
        return UInt64(random.number(in: 0...random.number(in: 1...2500)))
    }

    func settle(_ loop: DecisionLoop) throws {
        let late = random.isOnce(in: 4) ? 60 : 8
        var chosen = answered.suffix(late).randomElement(using: &random)
        if random.isOnce(in: 30) { chosen = ReservationID(rawValue: random.uint128()) }
        guard let reservation = chosen else { return }
        let isCancelled = random.isOnce(in: 10)
        let status: UInt16 = random.isOnce(in: 6) ? 503 : 200
        var tokens = TokenCounts(input: 0, output: 0)
        if !random.isOnce(in: 6) {
            tokens = TokenCounts(
                input: UInt64(random.number(in: 0...300)),
                cachedInput: random.isOnce(in: 3) ? UInt64(random.number(in: 0...400)) : 0,
                output: UInt64(random.number(in: 0...random.number(in: 0...3000)))
            )
        }
        let name = random.isOnce(in: 4) ? ["cheap", "odd", "free"][random.number(in: 0...2)] : ""
        let isEmpty = tokens.input == 0 && tokens.output == 0 && tokens.cachedInput == 0
        let report = NaiveBook.Report(
            tokens: tokens,
            billed: RandomWorld.prices[name],
            isVoid: isEmpty && (isCancelled || status == 503)
        )
        var settlement = Settlement()
        settlement.reservation = reservation
        settlement.isCancelled = isCancelled
        settlement.status = status
        settlement.tokens = tokens
        let isText = settlement.append(.model, Array(name.utf8).span)
        guard isText else { throw Difference(description: "'\(name)' is refused") }
        let given = try loop.outcome(of: settlement)
        let expected = book.settle(reservation, report)
        log.append("settle \(reservation) \(report): \(given.map { "\($0)" } ?? "unknown")")
        outcomes[given.map { "\($0.kind)" } ?? "unknown", default: 0] += 1
        guard given == expected else {
            let text = expected.map { "\($0)" } ?? "unknown"
            throw Difference(description: "settled, but expected \(text)")
        }
    }

    // MARK: Administrators

    /// Changes the record of a random key.
    func changeKey(zones: Bool) throws {
        let id = keyIDs[random.number(in: 0...keyIDs.count - 1)]
        guard let old = book.keys[id] else { return }
        var key = old
        key.version += 1
        switch random.number(in: 0...5) {
        case 0: key.status = key.status == .enabled ? .disabled : .enabled
        case 1: RandomWorld.place(&key, &random)
        case 2: key.unsettled = UnsettledPolicy.allCases.randomElement(using: &random) ?? .charge
        case 3: key.enforcement = key.enforcement == .enforce ? .monitor : .enforce
        case 4 where zones: RandomWorld.moveZone(&key.limits, &random)
        default: RandomWorld.limit(&key.limits, &random)
        }
        log.append("change \(id): \(key.limits) \(key.team ?? "-") \(key.user ?? "-")")
        try put(key, replacing: old)
        copyRules(of: SubjectID(id))
    }

    /// Moves a random key to another organisation, or to none.
    func moveKey() throws {
        let id = keyIDs[random.number(in: 0...keyIDs.count - 1)]
        guard let old = book.keys[id] else { return }
        var key = old
        key.version += 1
        RandomWorld.move(&key, &random)
        log.append("move \(id): \(key.organization ?? "-") \(key.team ?? "-") \(key.user ?? "-")")
        try put(key, replacing: old)
    }

    private func put(_ key: KeyRecord, replacing old: KeyRecord) throws {
        try catalogue.save(key, replacing: old)
        try engine.keyChanged(key.id)
        book.keys[key.id] = key
    }

    /// Changes the record of a random group.
    func changeGroup(zones: Bool) throws {
        let id = groupIDs[random.number(in: 0...groupIDs.count - 1)]
        guard var group = book.groups[id] else { return }
        group.version += 1
        if zones, random.isOnce(in: 3) {
            RandomWorld.moveZone(&group.limits, &random)
        } else {
            RandomWorld.change(&group, &random)
        }
        log.append("change \(id.name): \(group.limits) \(group.isEnabled)")
        groups.put(group)
        try engine.groupChanged(group)
        book.groups[id] = group
        copyRules(of: group.subject)
    }

    // MARK: Comparison

    /// Compares everything that is counted, and what is left of every limit.
    func compare() throws {
        let now = time.now()
        for id in keyIDs {
            guard let usage = try engine.usage(ofKey: id) else { continue }
            try compare(usage, SubjectID(id), now)
        }
        for id in groupIDs {
            guard let usage = try engine.usage(ofGroup: id), let group = book.groups[id] else {
                throw Difference(description: "no group \(id.name)")
            }
            try compare(usage, group.subject, now)
        }
        let broken = book.broken()
        guard broken.isEmpty else { throw Difference(description: "exceeded: \(broken)") }
    }

    /// Compares what is in memory with what the journal adds up to: exactly, rates included, for all
    /// was written in the order in which it was counted.
    func compareLedger() throws {
        let ledger = try journal.reopened()
        var given: [(SubjectID, Counters?)] = []
        for id in keyIDs { given.append((SubjectID(id), try engine.usage(ofKey: id)?.counters)) }
        for id in groupIDs {
            guard let subject = book.groups[id]?.subject else { continue }
            given.append((subject, try engine.usage(ofGroup: id)?.counters))
        }
        for (id, counters) in given {
            let expected = try ledger.counters(of: id) ?? Counters()
            guard counters == expected else {
                let text = counters.map { "\($0)" } ?? "nothing"
                throw Difference(description: "\(id) has \(text), but the journal has \(expected)")
            }
        }
    }

    private func compare(_ usage: SubjectUsage, _ id: SubjectID, _ now: Now) throws {
        book.open(id, at: now.wall)
        let tally = book.tally(of: id)
        for period in CalendarPeriod.allCases {
            let given = usage.used(period)
            let expected = tally.used[period] ?? .zero
            guard given == expected else {
                let what = "\(id) used \(given) of the \(period), but expected \(expected)"
                throw Difference(description: what)
            }
        }
        guard usage.counters.held == tally.held, usage.counters.openHolds == tally.openHolds else {
            let given = "\(usage.counters.held), \(usage.counters.openHolds)"
            throw Difference(description: "\(id) holds \(given), but expected \(tally)")
        }
        let expected = (book.subjects[id]?.limits ?? []).compactMap { limit in
            book.state(of: limit, id, at: now).map { state in
                "\(limit.name.text) \(limit.amount) \(state.remaining) \(state.reset)"
            }
        }
        let given = usage.limits.map { "\($0.name.text) \($0.limit) \($0.remaining) \($0.reset)" }
        guard given == expected else {
            throw Difference(description: "\(id) has left \(given), but expected \(expected)")
        }
    }
}

extension DecisionLoop {
    /// What a settlement is answered; nil when there never was such a reservation.
    func outcome(of settlement: borrowing Settlement) throws -> SettlementOutcome? {
        do {
            return try settle(settlement)
        } catch {
            guard case .unknownReservation = error else { throw error }
            return nil
        }
    }
}

extension NaiveBook.Answer {
    fileprivate init(_ verdict: Verdict) {
        reason = verdict.reason
        limit = verdict.limit?.limit
        level = verdict.limit?.level
        retryAfter = verdict.limit?.retryAfter ?? 0
        affordable = verdict.affordableTokens
        charge = verdict.charge?.amounts
        monitored = verdict.monitored
    }
}
