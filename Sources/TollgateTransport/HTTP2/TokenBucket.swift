/// A budget that is used up at once or refills with time.
struct TokenBucket {
    private let rate: PeerBudget.Rate
    private var tokens: Int64
    private var filledAt: Int64

    /// A full bucket.
    init(_ rate: PeerBudget.Rate, at now: Int64) {
        self.rate = rate
        tokens = rate.burst
        filledAt = now
    }

    /// Takes one token at a time in nanoseconds; false when there is none.
    mutating func take(at now: Int64) -> Bool {
        // The clock is looked at only when the bucket is empty: most never are.
        if tokens <= 0 { refill(at: now) }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }

    /// Puts tokens back, never more than the burst.
    mutating func give(_ amount: Int64) {
        tokens = min(rate.burst, tokens + amount)
    }

    private mutating func refill(at now: Int64) {
        let elapsed = now &- filledAt
        guard elapsed > 0, rate.perSecond > 0 else { return }
        // No more time counts than fills the bucket, so the product cannot overflow.
        let longest = rate.burst / rate.perSecond + 1
        let seconds = elapsed / 1_000_000_000
        if seconds >= longest {
            tokens = rate.burst
            filledAt = now
            return
        }
        let added = elapsed / (1_000_000_000 / min(rate.perSecond, 1_000_000_000))
        guard added > 0 else { return }
        give(added)
        filledAt = now
    }
}
