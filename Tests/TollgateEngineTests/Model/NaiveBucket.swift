/// A bucket that is refilled steadily, in exact fractions: everything is counted in whole
/// `1 / period` parts of a request or token.
struct NaiveBucket: Equatable {
    /// How fast it is refilled, and how much it holds.
    struct Pace: Equatable {
        let period: Int128
        let burst: Int128
        let refill: Int128
        let isStrict: Bool
        let limit: Int128

        init(limit: UInt64, period: UInt64, burst: UInt64?, isStrict: Bool) {
            let half = (limit + 1) / 2
            self.limit = Int128(limit)
            self.period = Int128(period)
            self.burst = Int128(burst ?? (isStrict ? half : limit))
            self.isStrict = isStrict
            refill = isStrict ? max(Int128(limit) - self.burst, 1) : Int128(limit)
        }

        var capacity: Int128 { burst * period }
    }

    var pace: Pace
    /// What is in it at `changedAt`; below zero when more was used than it held.
    var content: Int128
    var changedAt: Int64

    init(full pace: Pace) {
        self.pace = pace
        content = pace.capacity
        changedAt = 0
    }

    func content(at time: Int64) -> Int128 {
        min(pace.capacity, content + Int128(time - changedAt) * pace.refill)
    }

    /// The same bucket with another pace, as if it had got it when it was last changed: full again
    /// after the same time, but never emptier than empty.
    func with(_ other: Pace) -> NaiveBucket {
        if other == pace { return self }
        let missing = (pace.capacity - content) * other.refill
        var bucket = self
        bucket.pace = other
        bucket.content = max(0, other.capacity - NaiveBucket.ceiling(missing, pace.refill))
        return bucket
    }

    /// How many nanoseconds to wait for a cost: 0 when it passes, nil when it never will.
    func wait(for cost: Int128, at time: Int64) -> Int128? {
        if cost > pace.burst { return nil }
        let missing = cost * pace.period - content(at: time)
        let wait = missing <= 0 ? 0 : NaiveBucket.ceiling(missing, pace.refill)
        // Three hundred years are for ever.
        return wait < Int64.max ? wait : nil
    }

    mutating func take(_ cost: Int128, at time: Int64) {
        content = content(at: time) - cost * pace.period
        changedAt = time
    }

    /// Puts back what a cost took, unless a whole period has gone by.
    ///
    /// Under another pace it had taken so many nanoseconds of refilling: as many come back.
    mutating func giveBack(_ cost: Int128, chargedAt: Int64, under old: Pace, at time: Int64) {
        let waited = Int128(time - chargedAt)
        guard waited < pace.period else { return }
        var amount = cost * pace.period
        if old.refill != pace.refill { amount = amount / old.refill * pace.refill }
        if pace.isStrict { amount = max(0, amount - waited * pace.refill) }
        content = min(pace.capacity, content(at: time) + amount)
        changedAt = time
    }

    func remaining(at time: Int64) -> Int64 {
        Int64(max(0, content(at: time)) / pace.period)
    }

    /// In milliseconds, rounded up.
    func reset(at time: Int64) -> UInt64 {
        let nanoseconds = NaiveBucket.ceiling(pace.capacity - content(at: time), pace.refill)
        return UInt64(NaiveBucket.ceiling(min(nanoseconds, Int128(Int64.max)), 1_000_000))
    }

    static func ceiling(_ number: Int128, _ divisor: Int128) -> Int128 {
        number / divisor + (number % divisor > 0 ? 1 : 0)
    }
}
