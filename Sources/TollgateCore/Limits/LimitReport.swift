/// What is left of one limit.
package struct LimitState: Equatable, Sendable {
    package let name: LimitName
    package let level: LimitLevel
    package let metered: Metered
    /// In requests, tokens, nano-USD or open requests.
    package let limit: Int64
    /// In the same; below zero when more was used than the limit allows.
    package let remaining: Int64
    /// Until all of it is there again, in milliseconds; 0 when that never comes or needs no waiting.
    package let reset: UInt64

    /// Whether less of this limit is left than of another, in proportion.
    package func isTighter(than other: LimitState) -> Bool {
        room.isTighter(than: other.room)
    }

    private var room: Room { Room(limit: limit, remaining: remaining) }
}

/// How much of a limit is left, of how much.
private struct Room {
    let limit: Int64
    let remaining: Int64

    @inline(__always)
    func isTighter(than other: Room) -> Bool {
        let left = max(remaining, 0).multipliedFullWidth(by: max(other.limit, 1))
        let right = max(other.remaining, 0).multipliedFullWidth(by: max(limit, 1))
        return (left.high, left.low) < (right.high, right.low)
    }
}

/// Finds the tightest of some limits, and only then when all of it is there again.
private struct Tightest {
    private var room = Room(limit: 0, remaining: 0)
    private var level = 0
    /// Of the limit among those of its level; -1 as long as there is none.
    private var place = -1

    @inline(__always)
    mutating func note(_ other: Room, at level: Int, _ place: Int) {
        guard self.place < 0 || other.isTighter(than: room) else { return }
        (room, self.level, self.place) = (other, level, place)
    }

    /// What is left of it; nil when there was none.
    func state(in chain: MeterChain, at now: Now) -> LimitState? {
        guard place >= 0 else { return nil }
        var state: LimitState?
        chain.withMeter(level) { state = $0.state(of: $0.rules[place], now) }
        return state
    }
}

/// The tightest limits of a key, in memory that is used again for each request.
package struct LimitReport: Sendable {
    /// The most limits that are reported.
    package static let capacity = 8

    private var states = [8 of LimitState](repeating: LimitState.unlimited)
    package private(set) var count = 0
    /// Whether the first of them is the one that denied.
    private var hasDenied = false
    /// The tightest limit of requests over a time.
    package private(set) var requests: LimitState?
    /// The tightest limit of tokens over a time.
    package private(set) var tokens: LimitState?

    package init() {}

    /// The limit in this place, the tightest first.
    package subscript(place: Int) -> LimitState {
        precondition(place < count)
        return states[place]
    }

    /// The state of a limit, when it is among the tightest.
    package func state(of name: LimitName, at level: LimitLevel) -> LimitState? {
        for place in 0..<count
        where states[place].name == name && states[place].level == level { return states[place] }
        return nil
    }

    /// Forgets everything.
    package mutating func removeAll() {
        count = 0
        hasDenied = false
        requests = nil
        tokens = nil
    }

    /// Reads all limits of a chain.
    ///
    /// - Parameters:
    ///   - chain: the meters, whose windows are those of the time.
    ///   - now: the time.
    ///   - denied: a limit that is reported first, whatever is left of it; only as such is one of
    ///     single requests reported at all.
    ///   - everything: whether the tightest of all limits are wanted, or only those of requests and
    ///     of tokens, and the one that denied: that takes less time.
    package mutating func read(
        _ chain: MeterChain,
        at now: Now,
        denied: LimitDenial? = nil,
        everything: Bool = true
    ) {
        removeAll()
        var requests = Tightest()
        var tokens = Tightest()
        for level in 0..<MeterChain.levelCount {
            chain.withMeter(level) { meter in
                for place in 0..<meter.rules.count {
                    let limit = meter.rules[place]
                    let isDenied = denied?.limit == limit.name && denied?.level == meter.level
                    // Single requests use nothing up: their limits matter only when they deny.
                    let isReported = isDenied || everything && limit.window != .request
                    if isReported { add(meter.state(of: limit, now), isDenied: isDenied) }
                    guard limit.isInHeaders else { continue }
                    let remaining = meter.remaining(of: limit, now)
                    let room = Room(limit: limit.amount, remaining: remaining)
                    if limit.metered == .requests {
                        requests.note(room, at: level, place)
                    } else {
                        tokens.note(room, at: level, place)
                    }
                }
            }
        }
        self.requests = requests.state(in: chain, at: now)
        self.tokens = tokens.state(in: chain, at: now)
    }

    private mutating func add(_ state: LimitState, isDenied: Bool) {
        var place = min(count, LimitReport.capacity - 1)
        if count == LimitReport.capacity, !isDenied, !state.isTighter(than: states[place]) {
            return
        }
        while place > 0 {
            let before = states[place - 1]
            let staysFirst = hasDenied && place == 1
            guard isDenied || !staysFirst && state.isTighter(than: before) else { break }
            states[place] = before
            place -= 1
        }
        states[place] = state
        hasDenied = hasDenied || isDenied
        count = min(count + 1, LimitReport.capacity)
    }
}

extension LimitState {
    fileprivate static let unlimited = LimitState(
        name: .requestsTotal,
        level: .key,
        metered: .requests,
        limit: 0,
        remaining: 0,
        reset: 0
    )
}

extension Limit {
    /// Whether it may be the tightest of requests or tokens over a time.
    fileprivate var isInHeaders: Bool {
        window != .request && (metered == .requests || metered == .tokens)
    }
}

extension Meter {
    /// What is left of one of the subject's limits, but for those of single requests.
    package func state(of limit: Limit, _ now: Now) -> LimitState {
        LimitState(
            name: limit.name,
            level: level,
            metered: limit.metered,
            limit: limit.amount,
            remaining: remaining(of: limit, now),
            reset: reset(of: limit, now)
        )
    }

    /// How much of it is left.
    @inline(__always)
    fileprivate func remaining(of limit: Limit, _ now: Now) -> Int64 {
        switch limit.window {
        case .request: return limit.amount
        case .open: return limit.amount.addingSaturated(counters.openHolds.negatedSaturated)
        case .rate(let slot):
            guard let rate = rules.rate(slot) else { preconditionFailure("a rate has a slot") }
            let state = counters.state(slot, for: rate)
            return Int64(clamping: rate.remaining(state, at: now.monotonic))
        case .calendar(let period):
            return limit.amount.addingSaturated(used(period)[limit.metered].negatedSaturated)
        }
    }

    /// In how many milliseconds all of it is there again; 0 when that never comes or needs no waiting.
    private func reset(of limit: Limit, _ now: Now) -> UInt64 {
        switch limit.window {
        case .request, .open, .calendar(.total): return 0
        case .rate(let slot):
            guard let rate = rules.rate(slot) else { preconditionFailure("a rate has a slot") }
            let state = counters.state(slot, for: rate)
            let nanoseconds = UInt64(clamping: rate.reset(state, at: now.monotonic))
            return nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
        case .calendar(let period):
            let wait = end(of: period).milliseconds.addingSaturated(
                now.wall.milliseconds.negatedSaturated
            )
            return UInt64(clamping: wait)
        }
    }
}
