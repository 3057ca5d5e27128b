/// The counters of one subject: a plain value of fixed size, the same in memory and in the store.
///
/// Changed by nothing but the methods here, by a decision as it is made and again when the journal
/// is replayed: the same changes in the same order give the same counters. What is counted in a
/// calendar window may be applied in any order.
package struct Counters: Sendable {
    /// What was used within one window: settled and held together.
    package struct Tally: Equatable, Sendable {
        package var id = WindowID(rawValue: .min)
        package var used = Amounts.zero

        package init(id: WindowID = WindowID(rawValue: .min), used: Amounts = .zero) {
            self.id = id
            self.used = used
        }
    }

    /// An allowance and the rate that it refills at, whose period its slot says.
    package struct Allowance: Equatable, Sendable {
        package let state: Rate.State
        /// When it was last taken from or given back to.
        ///
        /// Another rate takes this one's place as if it had done so then. Seen later, a debt that is
        /// cut down to the new burst would be cut down again and again, and never shrink.
        package let changedAt: MonotonicTime
        /// Of the rate; 0 when there never was one.
        private let limit: UInt64
        /// Of the rate; the lowest bit says whether it is strict.
        private let burst: UInt64

        @inline(__always)
        package init(rate: Rate, state: Rate.State, changedAt: MonotonicTime) {
            self.state = state
            self.changedAt = changedAt
            limit = rate.limit
            burst = Allowance.packed(rate)
        }

        /// What a subject has that never had such a rate.
        fileprivate static let none = Allowance()

        private init() {
            state = .full
            changedAt = MonotonicTime(nanoseconds: 0)
            limit = 0
            burst = 0
        }

        fileprivate var isNone: Bool { limit == 0 }

        /// The rate, nil when there never was one.
        package func rate(_ slot: RateSlot) -> Rate? {
            let isStrict = burst & 1 != 0
            return Rate(limit: limit, period: slot.period, burst: burst >> 1, isStrict: isStrict)
        }

        /// Whether it refills at this rate.
        @inline(__always)
        fileprivate func refills(at rate: Rate) -> Bool {
            limit == rate.limit && burst == Allowance.packed(rate)
        }

        @inline(__always)
        private static func packed(_ rate: Rate) -> UInt64 {
            rate.burst << 1 | (rate.isStrict ? 1 : 0)
        }
    }

    /// By `CalendarPeriod.rawValue`: the last window of each period in which something was counted.
    package var tallies = [5 of Tally](repeating: Tally())
    /// By `RateSlot.rawValue`.
    private var allowances = [3 of Allowance](repeating: .none)
    /// Of what was used, how much is not settled yet.
    package var held = Amounts.zero
    /// How many requests are allowed and not settled.
    package var openHolds: Int64 = 0
    /// The earliest time of all stands for never; an optional would take twice the room.
    private var lastUse = WallTime(milliseconds: .min)

    package init() {}

    /// When a request was last allowed, whatever became of it; nil when none ever was.
    package var lastUsedAt: WallTime? {
        get { lastUse.milliseconds == .min ? nil : lastUse }
        set { lastUse = newValue ?? WallTime(milliseconds: .min) }
    }

    /// What can still be counted before a number ends: no window has more than the total.
    @inline(__always)
    var room: Amounts {
        let total = tallies[Int(CalendarPeriod.total.rawValue)].used
        return Amounts(
            requests: .max - max(total.requests, held.requests, 0),
            tokens: .max - max(total.tokens, held.tokens, 0),
            cost: .max - max(total.cost, held.cost, 0)
        )
    }

    /// What was used in a window: nothing, when another one was the last.
    package func used(_ period: CalendarPeriod, in id: WindowID) -> Amounts {
        let tally = tallies[Int(period.rawValue)]
        return tally.id == id ? tally.used : .zero
    }

    /// Counts something in the windows in which it was charged.
    ///
    /// A window that is over is left alone, and one that is new takes the place of the last: windows
    /// are never opened again.
    package mutating func count(_ amounts: Amounts, in windows: WindowIDs) {
        for period in 0..<tallies.count {
            let id = windows[period]
            let last = tallies[period].id
            if id == last {
                tallies[period].used += amounts
            } else if id > last {
                tallies[period] = Tally(id: id, used: amounts)
            }
        }
    }

    /// Counts a hold that begins, when its request is allowed.
    package mutating func hold(_ amounts: Amounts, at time: WallTime) {
        held += amounts
        openHolds = openHolds.addingSaturated(1)
        lastUse = max(lastUse, time)
    }

    /// Counts a hold that ends.
    package mutating func release(_ amounts: Amounts) {
        held = held - amounts
        openHolds = openHolds.addingSaturated(-1)
    }

    // MARK: Allowances

    /// An allowance; nil when the subject never had such a rate.
    package subscript(_ slot: RateSlot) -> Allowance? {
        get {
            let allowance = allowances[Int(slot.rawValue)]
            return allowance.isNone ? nil : allowance
        }
        set { allowances[Int(slot.rawValue)] = newValue ?? .none }
    }

    /// Takes a cost from an allowance, which from now on refills at this rate.
    package mutating func charge(
        _ cost: UInt64,
        _ rate: Rate,
        _ slot: RateSlot,
        at now: MonotonicTime
    ) {
        let state = rate.charge(cost, state(slot, for: rate), at: now)
        allowances[Int(slot.rawValue)] = Allowance(rate: rate, state: state, changedAt: now)
    }

    /// Takes or gives back what a request turned out to use beyond or below its charge.
    ///
    /// Nothing happens when there is no such allowance, or there was none when the request was
    /// charged.
    ///
    /// - Parameters:
    ///   - slot: which allowance.
    ///   - charged: what counts of the request until now.
    ///   - refill: of the rate that it was charged to, which may be another by now; 0 for none.
    ///   - chargedAt: when that was.
    ///   - actual: what counts from now on.
    ///   - now: the time.
    package mutating func adjust(
        _ slot: RateSlot,
        charged: UInt64,
        refill: UInt64,
        chargedAt: MonotonicTime,
        actual: UInt64,
        at now: MonotonicTime
    ) {
        guard actual != charged, refill > 0 else { return }
        let old = allowances[Int(slot.rawValue)]
        guard let rate = old.rate(slot) else { return }
        let state =
            actual > charged
            ? rate.charge(actual - charged, old.state, at: now)
            : rate.refund(
                charged - actual,
                chargedAt: chargedAt,
                refill: refill,
                old.state,
                at: now
            )
        guard let state else { return }
        allowances[Int(slot.rawValue)] = Allowance(rate: rate, state: state, changedAt: now)
    }

    /// The state of an allowance, as it counts for a rate.
    package func state(_ slot: RateSlot, for rate: Rate) -> Rate.State {
        let allowance = allowances[Int(slot.rawValue)]
        if allowance.refills(at: rate) { return allowance.state }
        guard let old = allowance.rate(slot) else { return .full }
        return old.convert(allowance.state, to: rate, at: allowance.changedAt)
    }
}

extension Counters: Equatable {
    package static func == (left: Counters, right: Counters) -> Bool {
        for period in 0..<left.tallies.count
        where left.tallies[period] != right.tallies[period] { return false }
        for slot in 0..<left.allowances.count
        where left.allowances[slot] != right.allowances[slot] { return false }
        return left.held == right.held && left.openHolds == right.openHolds
            && left.lastUse == right.lastUse
    }
}

/// The windows of all periods at one time, in one zone.
package struct WindowIDs: Equatable, Sendable {
    /// In the order of `CalendarPeriod`: hours, days, weeks and months; the total has only one.
    private var ids: [4 of Int32]

    /// No time at all: before every window.
    package static let none = WindowIDs(hour: .min, day: .min, week: .min, month: .min)

    package init(hour: Int32, day: Int32, week: Int32, month: Int32) {
        ids = [hour, day, week, month]
    }

    /// The windows of a time, none before those that were open last.
    package init(at time: WallTime, in zone: ZoneRules, notBefore last: WindowIDs) {
        ids = [4 of Int32] { (place: Int) -> Int32 in
            let period = WindowIDs.periods[place]
            return Int32(clamping: zone.window(period, at: time).id.rawValue)
        }
        for place in 0..<4 { ids[place] = max(ids[place], last.ids[place]) }
    }

    /// The window of a period.
    package subscript(_ period: CalendarPeriod) -> WindowID { self[Int(period.rawValue)] }

    subscript(_ place: Int) -> WindowID {
        WindowID(rawValue: place < 4 ? Int64(ids[place]) : 0)
    }

    /// The number of an hour, day, week or month, as it is stored.
    package func number(_ place: Int) -> Int32 { ids[place] }

    package static let periods: [4 of CalendarPeriod] = [.hour, .day, .week, .month]

    package static func == (left: WindowIDs, right: WindowIDs) -> Bool {
        for place in 0..<4 where left.ids[place] != right.ids[place] { return false }
        return true
    }
}
