/// So many requests or tokens in a period, with a burst: the generic cell rate algorithm, exact.
///
/// A full allowance holds `burst` and refills at `refill` for each period, continuously. Cost is
/// counted in whole requests or tokens. In any window of one period's length, its end not included,
/// at most `limit + burst` pass; when the rate is strict, at most `limit`.
///
/// One value for each subject holds everything: the time at which its allowance is full again. It
/// is kept in nanoseconds times `refill`, so that one unit of cost is exactly `period`: whole
/// nanoseconds for each token would be wrong by several percent at some thousand million tokens a
/// minute. With the bounds below no step leaves 128 bits, whatever the clock and the cost.
package struct Rate: Equatable, Sendable {
    /// The highest limit and burst that are taken.
    package static let highest: UInt64 = 1 << 53
    /// The longest period that is taken, in nanoseconds: over a hundred days.
    package static let longestPeriod: UInt64 = 1 << 53

    package let limit: UInt64
    /// In nanoseconds.
    package let period: UInt64
    /// The most that passes at once; no single request may cost more.
    package let burst: UInt64
    /// Whether never more than the limit passes in any window, for a lower sustained rate.
    package let isStrict: Bool
    /// What comes back in each period.
    package let refill: UInt64

    /// Makes a rate; nil when a value is out of its bounds.
    ///
    /// - Parameters:
    ///   - limit: 1 to `highest`.
    ///   - period: in nanoseconds, 1 to `longestPeriod`.
    ///   - burst: 1 to `highest`, and no more than the limit when the rate is strict. Nil stands
    ///     for the limit, or for half of it, rounded up, when the rate is strict.
    ///   - isStrict: refill only `limit - burst`, at least 1, for each period.
    package init?(
        limit: UInt64,
        period: UInt64,
        burst: UInt64? = nil,
        isStrict: Bool = false
    ) {
        guard limit >= 1, limit <= Rate.highest, period >= 1, period <= Rate.longestPeriod else {
            return nil
        }
        let burst = burst ?? (isStrict ? limit - limit / 2 : limit)
        guard burst >= 1, burst <= (isStrict ? limit : Rate.highest) else { return nil }
        self.limit = limit
        self.period = period
        self.burst = burst
        self.isStrict = isStrict
        // Where the burst is the whole limit one comes back all the same: a window without its end
        // is shorter than what it takes.
        refill = isStrict ? max(limit - burst, 1) : limit
    }
}

extension Rate {
    /// What is left of one subject's allowance; means something only together with its rate.
    package struct State: Hashable, Sendable {
        /// No debt, however large, counts for more, which leaves room for every sum.
        private static let highest: UInt128 = 1 << 127

        // In halves: a number of 128 bits would be aligned to sixteen bytes, and every subject has
        // three of these.
        private let high: UInt64
        private let low: UInt64

        /// When the allowance is full again, in nanoseconds times the rate's refill.
        @inline(__always)
        package var fullAt: UInt128 { UInt128(high) << 64 | UInt128(low) }

        /// - Parameter fullAt: any value, as it was kept.
        package init(fullAt: UInt128) {
            let bounded = min(fullAt, State.highest)
            high = UInt64(truncatingIfNeeded: bounded >> 64)
            low = UInt64(truncatingIfNeeded: bounded)
        }

        /// The state of who has not used anything yet.
        package static let full = State(fullAt: 0)
    }

    /// What a rate says to a request.
    package enum Outcome: Equatable, Sendable {
        /// It passes; this is the state if it does on every other limit too.
        case admitted(State)
        /// It would pass after so many nanoseconds, if nothing else comes before it.
        case denied(retryAfter: Int64)
        /// It costs more than the burst: waiting does not help.
        case never
    }

    /// Whether a request may pass now; changes nothing.
    package func check(_ cost: UInt64, _ state: State, at now: MonotonicTime) -> Outcome {
        guard cost <= burst else { return .never }
        let after = debt(state, at: now) + UInt128(cost) * UInt128(period)
        guard after > capacity else { return .admitted(State(fullAt: ticks(now) + after)) }
        return .denied(retryAfter: nanoseconds(after - capacity))
    }

    /// The state after a cost that has been incurred, whether or not there was room for it.
    package func charge(_ cost: UInt64, _ state: State, at now: MonotonicTime) -> State {
        State(fullAt: ticks(now) + debt(state, at: now) + UInt128(cost) * UInt128(period))
    }

    /// The state after some of an earlier cost turned out not to be incurred; at most full.
    ///
    /// The debt becomes shorter by the time that the cost has made it longer, also where the rate has
    /// changed since. What was charged a period ago or earlier has long been refilled, and gives
    /// nothing back: what passes within a window exceeds `limit + burst` by no more than what came
    /// back in it of charges less than a period old. A strict rate gives back only what has not been
    /// refilled since it was charged: then the limit holds for what was really used, at the time it
    /// was charged.
    ///
    /// - Parameters:
    ///   - cost: how much was not incurred.
    ///   - chargedAt: when it was charged.
    ///   - chargedRefill: of the rate that it was charged to; nothing comes back to one that was not charged
    ///     at all, 0.
    ///   - state: the state until now.
    ///   - now: the time.
    /// - Returns: the state; nil when it is too late for anything to come back.
    package func refund(
        _ cost: UInt64,
        chargedAt: MonotonicTime,
        refill chargedRefill: UInt64,
        _ state: State,
        at now: MonotonicTime
    ) -> State? {
        let elapsed = nanoseconds(now) - min(nanoseconds(chargedAt), nanoseconds(now))
        guard elapsed < period, chargedRefill > 0 else { return nil }
        var units = UInt128(cost) * UInt128(period)
        if chargedRefill != refill {
            let time = units / UInt128(chargedRefill)
            let (scaled, overflow) = time.multipliedReportingOverflow(by: UInt128(refill))
            units = overflow ? .max : scaled
        }
        if isStrict { units -= min(UInt128(elapsed) * UInt128(refill), units) }
        let debt = debt(state, at: now)
        return State(fullAt: ticks(now) + debt - min(units, debt))
    }

    /// The largest cost that would pass now.
    package func remaining(_ state: State, at now: MonotonicTime) -> UInt64 {
        let debt = debt(state, at: now)
        // Most often so, and a division of 128 bits is slow.
        if debt == 0 { return burst }
        let free = capacity - min(debt, capacity)
        return UInt64(truncatingIfNeeded: free / UInt128(period))
    }

    /// The nanoseconds until the allowance is full again, rounded up.
    package func reset(_ state: State, at now: MonotonicTime) -> Int64 {
        let debt = debt(state, at: now)
        return debt == 0 ? 0 : nanoseconds(debt)
    }

    /// The same subject's state when another rate takes this one's place.
    ///
    /// The time until it is full again stays, rounded up, but is never longer than from empty: who
    /// had used half of the old allowance has half of the new one, and no one waits for a debt of
    /// old that the new rate would not have let arise.
    package func convert(_ state: State, to other: Rate, at now: MonotonicTime) -> State {
        guard self != other else { return state }
        let scale = UInt128(other.refill)
        let (whole, rest) = debt(state, at: now).quotientAndRemainder(dividingBy: UInt128(refill))
        guard whole <= other.capacity / scale else {
            return State(fullAt: other.ticks(now) + other.capacity)
        }
        let part = (rest * scale + UInt128(refill - 1)) / UInt128(refill)
        return State(fullAt: other.ticks(now) + min(whole * scale + part, other.capacity))
    }

    /// The whole burst, in units of state: at most 2^106.
    private var capacity: UInt128 { UInt128(burst) * UInt128(period) }

    /// A time in units of state, below 2^116.
    private func ticks(_ time: MonotonicTime) -> UInt128 {
        UInt128(nanoseconds(time)) * UInt128(refill)
    }

    /// A time; one before the clock's origin counts as the origin.
    private func nanoseconds(_ time: MonotonicTime) -> UInt64 {
        UInt64(max(time.nanoseconds, 0))
    }

    /// What is missing from a full allowance, in units of state: at most 2^127.
    private func debt(_ state: State, at now: MonotonicTime) -> UInt128 {
        let ticks = ticks(now)
        return state.fullAt > ticks ? state.fullAt - ticks : 0
    }

    /// How long it takes to refill so much, rounded up.
    private func nanoseconds(_ units: UInt128) -> Int64 {
        Int64(clamping: (units + UInt128(refill - 1)) / UInt128(refill))
    }
}
