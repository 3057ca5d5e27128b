/// What a request would take of every limit.
package struct Charge: Equatable, Sendable {
    /// Always one request.
    package let amounts: Amounts

    /// The most tokens that one request may ask for.
    package static let highestTokens: UInt64 = 1 << 40

    /// - Parameters:
    ///   - tokens: the prompt and the most that may be generated, at most `highestTokens`.
    ///   - cost: the most that it can cost.
    package init(tokens: UInt64, cost: Money) {
        amounts = Amounts(requests: 1, tokens: Int64(clamping: tokens), cost: cost.nanos)
    }
}

/// A limit that stops a request.
package struct LimitDenial: Equatable, Sendable {
    package let limit: LimitName
    package let level: LimitLevel
    /// In milliseconds, rounded up; 0 when waiting does not help.
    package let retryAfter: UInt64
}

/// Whether a request passes all limits, and what it does to them when it does.
extension MeterChain {
    /// The limit that stops a request.
    ///
    /// Changes nothing that counts. One of an earlier stage comes first. Of several limits of the same
    /// stage it is the one that stops the request longest: when that lets it pass, so do the others.
    /// Of those that stop it equally long, the first at the lowest level.
    ///
    /// - Parameters:
    ///   - charge: what the request would take.
    ///   - only: the only stage to look at; nil for all.
    ///   - now: the time, to which the windows were rolled.
    /// - Returns: the limit; nil when the request passes them all.
    @inline(__always)
    package func denial(
        of charge: Charge,
        at only: LimitStage? = nil,
        _ now: Now
    ) -> LimitDenial? {
        var first: (stage: UInt8, wait: Int64, limit: LimitName, level: LimitLevel)?
        for level in 0..<MeterChain.levelCount {
            withMeter(level) { meter in
                for place in 0..<meter.rules.count {
                    let limit = meter.rules[place]
                    if let only, limit.name.stage != only { continue }
                    let wait = meter.wait(for: charge, limit, now)
                    guard wait > 0 else { continue }
                    let stage = limit.name.stage.rawValue
                    if let first {
                        guard stage <= first.stage else { break }
                        guard stage < first.stage || wait > first.wait else { continue }
                    }
                    first = (stage, wait, limit.name, meter.level)
                }
            }
        }
        guard let first else { return nil }
        return LimitDenial(
            limit: first.limit,
            level: first.level,
            retryAfter: first.wait == .max ? 0 : UInt64(first.wait).dividedUp(by: 1_000_000)
        )
    }

    /// Whether all meters can count a request without reaching the end of their numbers.
    ///
    /// A counter that stands there would forget what goes beyond, and be too low when some of it
    /// comes back.
    @inline(__always)
    package func hasRoom(for charge: Charge) -> Bool {
        var hasRoom = true
        for level in 0..<MeterChain.levelCount {
            withMeter(level) { meter in
                let room = meter.counters.room
                let amounts = charge.amounts
                if amounts.requests > room.requests || amounts.tokens > room.tokens
                    || amounts.cost > room.cost
                {
                    hasRoom = false
                }
            }
        }
        return hasRoom
    }

    /// Counts a request that has passed, on all meters, as a hold.
    package func count(_ charge: Charge, at now: Now) {
        for level in 0..<MeterChain.levelCount {
            withMeter(level) { $0.count(charge, at: now) }
        }
    }
}

extension Meter {
    /// How long a limit stops a request, in nanoseconds: 0 when it does not, the highest number
    /// when it always will.
    @inline(__always)
    fileprivate func wait(for charge: Charge, _ limit: Limit, _ now: Now) -> Int64 {
        let amount = charge.amounts[limit.metered]
        switch limit.window {
        case .request:
            return amount > limit.amount ? .max : 0
        case .open:
            // Nobody knows when one of them ends; a second is how often old ones are looked for.
            return counters.openHolds < limit.amount ? 0 : 1_000_000_000
        case .rate(let slot):
            guard let rate = rules.rate(slot) else { return 0 }
            let state = counters.state(slot, for: rate)
            switch rate.check(UInt64(amount), state, at: now.monotonic) {
            case .admitted: return 0
            case .denied(let retryAfter): return max(retryAfter, 1)
            case .never: return .max
            }
        case .calendar(let period):
            let used = used(period)[limit.metered]
            if used.addingSaturated(amount) <= limit.amount { return 0 }
            // When not even an empty window has room for it, waiting does not help.
            if period == .total || amount > limit.amount { return .max }
            let milliseconds = max(
                end(of: period).milliseconds.addingSaturated(-now.wall.milliseconds),
                1
            )
            let (wait, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
            return overflow ? .max : wait
        }
    }

    fileprivate func count(_ charge: Charge, at now: Now) {
        counters.count(charge.amounts, in: windows)
        counters.hold(charge.amounts, at: now.wall)
        for slot: UInt8 in 0..<RateSlot.count {
            guard let slot = RateSlot(rawValue: slot), let rate = rules.rate(slot) else { continue }
            let cost = UInt64(clamping: charge.amounts[slot.metered])
            counters.charge(cost, rate, slot, at: now.monotonic)
        }
    }
}

extension UInt64 {
    /// The quotient, rounded up.
    fileprivate func dividedUp(by divisor: UInt64) -> UInt64 {
        let (whole, rest) = quotientAndRemainder(dividingBy: divisor)
        return whole + (rest == 0 ? 0 : 1)
    }
}
