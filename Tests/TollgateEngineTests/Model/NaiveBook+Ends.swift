internal import TollgateCore
internal import TollgateEngine

/// How charges end, and what is left of them.
extension NaiveBook {
    struct Report {
        let tokens: TokenCounts
        /// Of the model that was billed; nil when it is the one that was asked for.
        let billed: ModelPrice?
        let isVoid: Bool
    }

    /// What a settlement is answered; nil when there never was such a reservation.
    ///
    /// It counts with `write`.
    mutating func settle(_ reservation: ReservationID, _ report: Report) -> SettlementOutcome? {
        guard let place = charges.firstIndex(where: { $0.reservation == reservation }) else {
            return nil
        }
        let kind: SettlementOutcome.Kind
        switch charges[place].standing {
        case .withdrawn, .forgotten: return nil
        case .settled(let cost): return SettlementOutcome(.duplicate, cost: Money(nanos: cost))
        case .open: kind = .applied
        case .expired: kind = .late
        }
        let used = report.isVoid ? .zero : used(report, charges[place].price)
        charges[place].standing = .settled(cost: used.cost)
        ends.append((place, used))
        return SettlementOutcome(kind, cost: Money(nanos: used.cost))
    }

    private func used(_ report: Report, _ asked: ModelPrice?) -> Amounts {
        let tokens = report.tokens
        let sum = Int128(tokens.input) + Int128(tokens.output)
        var amounts = Amounts(requests: 1, tokens: Int64(min(sum, Int128(Int64.max))))
        guard let price = report.billed ?? asked else { return amounts }
        let cached = tokens.cachedInput
        let fresh = tokens.input > cached ? tokens.input - cached : 0
        // Products of 64 and 41 bits: as many as fit.
        let picos =
            UInt128(fresh) * UInt128(price.input)
            + UInt128(cached) * UInt128(price.cachedInput ?? price.input)
            + UInt128(tokens.output) * UInt128(price.output)
        amounts.cost = Int64(min((picos + 999) / 1000, UInt128(Int64.max)))
        return amounts
    }

    /// Ends what is older than `age`, by the keys' policies.
    mutating func expire(age: Int64, at now: Now) {
        for place in charges.indices {
            let waited = now.monotonic.nanoseconds - charges[place].chargedAt
            switch charges[place].standing {
            case .expired where waited > 86_400_000_000_000:
                charges[place].standing = .forgotten
            case .open where waited >= age:
                charges[place].standing = .expired
                end(place, leftover(of: charges[place]), now)
            default: break
            }
        }
    }

    private func leftover(of charge: Charge) -> Amounts {
        switch keys[charge.key]?.unsettled ?? .charge {
        case .charge: return charge.reserved
        case .release: return .zero
        case .chargeInput:
            // The whole prompt may be all that there was.
            if charge.input == 0 { return charge.reserved }
            let picos = Int128(charge.input) * Int128(charge.price?.input ?? 0)
            return Amounts(
                requests: 1,
                tokens: Int64(charge.input),
                cost: Int64(NaiveBucket.ceiling(picos, 1000))
            )
        }
    }

    mutating func withdraw(_ reservation: ReservationID, at now: Now) {
        let place = charges.firstIndex { $0.reservation == reservation }
        guard let place, [.open, .expired].contains(charges[place].standing) else { return }
        charges[place].standing = .withdrawn
        end(place, .zero, now)
    }

    /// Lets what has ended count, as the turn is written.
    mutating func write(at now: Now) {
        for (place, used) in ends { end(place, used, now) }
        ends = []
    }

    private mutating func end(_ place: Int, _ used: Amounts, _ now: Now) {
        let counted = charges[place].counted
        let chargedAt = charges[place].chargedAt
        charges[place].counted = used
        charges[place].isHeld = false
        let time = now.monotonic.nanoseconds
        for (id, pace) in charges[place].flows {
            guard var bucket = subjects[id]?.buckets[.tokensPerMinute] else { continue }
            let difference = Int128(used.tokens) - Int128(counted.tokens)
            if difference > 0 { bucket.take(difference, at: time) }
            if difference < 0 {
                bucket.giveBack(-difference, chargedAt: chargedAt, under: pace, at: time)
            }
            subjects[id]?.buckets[.tokensPerMinute] = bucket
        }
        if used.tokens > counted.tokens || used.cost > counted.cost
            || used.requests > counted.requests
        {
            excuse(charges[place].subjects.map(\.id))
        }
    }

    // MARK: Sums

    /// The subjects that a key's requests count on, from the key upwards.
    func chain(of key: KeyRecord) -> [SubjectID] {
        let names: [(GroupKind, String?)] = [
            (.user, key.user), (.team, key.team), (.organization, key.organization),
        ]
        return [SubjectID(key.id)]
            + names.compactMap { kind, name in
                name.flatMap { GroupID(kind, $0) }.flatMap { groups[$0]?.subject }
            }
    }

    /// Looks at the windows of a time; earlier ones are over for good.
    mutating func open(_ id: SubjectID, at time: WallTime) {
        guard let zone = subjects[id]?.zone else { return }
        for period in CalendarPeriod.allCases {
            let name = windows.name(period, in: zone, at: time)
            let last = subjects[id]?.opened[period] ?? .min
            subjects[id]?.opened[period] = max(name, last)
        }
    }

    /// Forgets which windows were looked at, but for those in which something was charged.
    mutating func reload() {
        for id in subjects.keys { subjects[id]?.opened = [:] }
        for charge in charges {
            for (id, windows) in charge.subjects {
                subjects[id]?.opened.merge(windows) { max($0, $1) }
            }
        }
    }

    func tally(of id: SubjectID) -> Tally {
        var tally = Tally()
        let opened = subjects[id]?.opened ?? [:]
        for charge in charges {
            guard let windows = charge.subjects.first(where: { $0.id == id })?.windows else {
                continue
            }
            for (period, window) in windows where window == opened[period] {
                tally.used[period, default: .zero] += charge.counted
            }
            if charge.isHeld {
                tally.held += charge.reserved
                tally.openHolds += 1
            }
        }
        return tally
    }

    // MARK: Promises

    /// What is left of a limit; nil when it is about single requests.
    func state(
        of limit: NaiveSubject.Limit,
        _ id: SubjectID,
        at now: Now
    ) -> (remaining: Int64, reset: UInt64)? {
        guard let subject = subjects[id] else { return nil }
        let tally = tally(of: id)
        switch limit.kind {
        case .request: return nil
        case .open: return (limit.amount - tally.openHolds, 0)
        case .bucket(let pace, _):
            let bucket = subject.bucket(limit.name, pace)
            let time = now.monotonic.nanoseconds
            return (bucket.remaining(at: time), bucket.reset(at: time))
        case .window(let period, let metered):
            let left = limit.amount - (tally.used[period]?[metered] ?? 0)
            if period == .total { return (left, 0) }
            let window = subject.opened[period] ?? 0
            let end = windows.end(of: window, period, in: subject.zone, after: now.wall)
            return (left, UInt64(end - now.wall.milliseconds))
        }
    }

    /// Limits that are exceeded although nothing excuses it.
    func broken() -> [String] {
        subjects.keys.flatMap { id in
            let broken = exceeded(id).subtracting(subjects[id]?.excused ?? [])
            return broken.map { "\(id) \($0.name.text) in \($0.window)" }
        }
    }

    /// From now on the limits that these subjects exceed are not held against them.
    mutating func excuse(_ ids: [SubjectID]) {
        for id in ids {
            let exceeded = exceeded(id)
            subjects[id]?.excused.formUnion(exceeded)
        }
    }

    private func exceeded(_ id: SubjectID) -> Set<NaiveSubject.Excess> {
        guard let subject = subjects[id] else { return [] }
        let tally = tally(of: id)
        var exceeded: Set<NaiveSubject.Excess> = []
        for limit in subject.limits {
            var used: Int64 = 0
            var window = 0
            switch limit.kind {
            case .request, .bucket: continue
            case .open: used = tally.openHolds
            case .window(let period, let metered):
                used = tally.used[period]?[metered] ?? 0
                window = subject.opened[period] ?? 0
            }
            guard used > limit.amount else { continue }
            exceeded.insert(NaiveSubject.Excess(name: limit.name, window: window))
        }
        return exceeded
    }
}
