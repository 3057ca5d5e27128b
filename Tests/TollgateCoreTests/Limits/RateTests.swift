internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("A rate")
struct RateTests {
    private static let minute: UInt64 = 60_000_000_000

    @Test("refuses to be made of what its arithmetic cannot hold")
    func bounds() {
        let most = Rate.highest
        #expect(Rate(limit: 0, period: 1) == nil)
        #expect(Rate(limit: most + 1, period: 1) == nil)
        #expect(Rate(limit: .max, period: .max) == nil)
        #expect(Rate(limit: 1, period: 0) == nil)
        #expect(Rate(limit: 1, period: Rate.longestPeriod + 1) == nil)
        #expect(Rate(limit: 1, period: 1, burst: 0) == nil)
        #expect(Rate(limit: 1, period: 1, burst: most + 1) == nil)
        #expect(Rate(limit: 5, period: 1, burst: 6, isStrict: true) == nil)
        #expect(Rate(limit: 5, period: 1, burst: 6)?.burst == 6)
        #expect(Rate(limit: 5, period: 1)?.burst == 5)
        #expect(Rate(limit: 5, period: 1, isStrict: true)?.burst == 3)
        #expect(Rate(limit: 1, period: 1, isStrict: true)?.refill == 1)
        #expect(Rate(limit: most, period: Rate.longestPeriod, burst: most) != nil)
    }

    @Test("survives the highest values, in any order")
    func extremes() throws {
        let rates = try [
            #require(Rate(limit: Rate.highest, period: Rate.longestPeriod, burst: Rate.highest)),
            #require(Rate(limit: 1, period: Rate.longestPeriod, burst: Rate.highest)),
            #require(Rate(limit: Rate.highest, period: 1, burst: 1)),
            #require(Rate(limit: 1, period: 1, isStrict: true)),
        ]
        let times = [.min, -1, 0, 1, Int64.max].map(MonotonicTime.init(nanoseconds:))
        let costs: [UInt64] = [0, 1, Rate.highest, 1 << 63, .max]
        for rate in rates {
            for time in times {
                for cost in costs {
                    var state = Rate.State(fullAt: .max)
                    for _ in 0..<3 { state = rate.charge(cost, state, at: time) }
                    #expect(rate.remaining(state, at: time) == 0)
                    #expect(rate.check(0, state, at: time) != .never)
                    #expect(rate.reset(state, at: time) > 0)
                    for refill in [0, 1, rate.refill, Rate.highest] {
                        for (then, now) in [(times[0], times[4]), (time, time)] {
                            state =
                                rate.refund(cost, chargedAt: then, refill: refill, state, at: now)
                                ?? state
                        }
                    }
                    for other in rates {
                        let converted = rate.convert(state, to: other, at: time)
                        #expect(other.remaining(converted, at: time) <= other.burst)
                    }
                }
            }
        }
    }

    @Test(
        "is exact where whole nanoseconds for each token would not be",
        arguments: [7_000_000_000, 40_000_000_000, 60_000_000_001, 1, 59]
    )
    func exactness(limit: UInt64) throws {
        let rate = try #require(Rate(limit: limit, period: Self.minute))
        var state = Rate.State.full
        var total: UInt64 = 0
        let end = Self.minute * 3
        for time in stride(from: 0, through: end, by: 50_000_007) {
            let now = MonotonicTime(nanoseconds: Int64(time))
            let most = rate.remaining(state, at: now)
            guard case .admitted(let next) = rate.check(most, state, at: now) else {
                Issue.record("what remains does not pass")
                return
            }
            if case .admitted = rate.check(most + 1, state, at: now) {
                Issue.record("more than what remains passes")
            }
            state = next
            total += most
            #expect(total == limit + UInt64(UInt128(limit) * UInt128(time) / UInt128(Self.minute)))
        }
    }

    @Test("never lets through more than it says in any window, as a log of everything shows")
    func slidingLog() throws {
        for seed in 0..<400 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let rate = try #require(Self.randomRate(using: &random))
            let bound = rate.isStrict ? rate.limit : rate.limit + rate.burst
            var state = Rate.State.full
            var bucket = Bucket(rate)
            var log: [(time: Int64, cost: UInt64)] = []
            var time: Int64 = .random(in: 0...1000, using: &random)
            for _ in 0..<400 {
                time += .random(in: 0...Int64(rate.period / 3 + 1), using: &random)
                let now = MonotonicTime(nanoseconds: time)
                let cost = UInt64.random(in: 0...rate.burst + 1, using: &random)
                let outcome = rate.check(cost, state, at: now)
                #expect(outcome == bucket.check(cost, state, at: time), "seed \(seed)")
                guard case .admitted(let next) = outcome else { continue }
                state = next
                bucket.take(cost)
                log.append((time, cost))
                let since = time - Int64(rate.period)
                let passed = log.reduce(0) { $0 + ($1.time > since ? $1.cost : 0) }
                #expect(passed <= bound, "seed \(seed)")
            }
        }
    }

    @Test("says how long to wait to the nanosecond")
    func retryAfter() throws {
        for seed in 0..<2000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let rate = try #require(Self.randomRate(using: &random))
            let now = MonotonicTime(nanoseconds: .random(in: 0...1_000_000, using: &random))
            let used = UInt64.random(in: 0...rate.burst * 3, using: &random)
            let state = rate.charge(used, .full, at: now)
            let cost = UInt64.random(in: 1...rate.burst, using: &random)
            guard case .denied(let wait) = rate.check(cost, state, at: now) else { continue }
            let early = MonotonicTime(nanoseconds: now.nanoseconds + wait - 1)
            let then = MonotonicTime(nanoseconds: now.nanoseconds + wait)
            guard case .denied(1) = rate.check(cost, state, at: early) else {
                Issue.record("passes too early, seed \(seed)")
                continue
            }
            guard case .admitted = rate.check(cost, state, at: then) else {
                Issue.record("does not pass in time, seed \(seed)")
                continue
            }
            let reset = rate.reset(state, at: now)
            let full = MonotonicTime(nanoseconds: now.nanoseconds + reset)
            #expect(rate.remaining(state, at: full) == rate.burst)
            #expect(reset >= wait)
        }
    }

    @Test("stands still when the clock goes back, and lets nothing through for it")
    func clockBack() throws {
        let rate = try #require(Rate(limit: 60, period: Self.minute))
        let late = MonotonicTime(nanoseconds: 3_600_000_000_000)
        let early = MonotonicTime(nanoseconds: 0)
        let state = rate.charge(60, .full, at: late)
        #expect(rate.check(1, state, at: early) == .denied(retryAfter: 3_601_000_000_000))
        #expect(rate.remaining(state, at: early) == 0)
    }

    /// A rate small enough that a test meets all its corners.
    static func randomRate(
        using random: inout SeededGenerator,
        isStrict: Bool? = nil
    ) -> Rate? {
        let limit = UInt64.random(in: 1...20, using: &random)
        let isStrict = isStrict ?? Bool.random(using: &random)
        return Rate(
            limit: limit,
            period: .random(in: 1...200, using: &random),
            burst: .random(in: 1...(isStrict ? limit : 30), using: &random),
            isStrict: isStrict
        )
    }
}

/// The same law told another way: what is left in the bucket, in parts of one token.
private struct Bucket {
    private let rate: Rate
    /// In `period`ths of a token.
    private var level: UInt64
    private var time: Int64?

    init(_ rate: Rate) {
        self.rate = rate
        level = rate.burst * rate.period
    }

    mutating func check(_ cost: UInt64, _ state: Rate.State, at now: Int64) -> Rate.Outcome {
        level = min(
            level + UInt64(now - (time ?? now)) * rate.refill,
            rate.burst * rate.period
        )
        time = now
        if cost > rate.burst { return .never }
        let need = cost * rate.period
        if need > level {
            return .denied(retryAfter: Int64((need - level + rate.refill - 1) / rate.refill))
        }
        let missing = rate.burst * rate.period - level + need
        return .admitted(Rate.State(fullAt: UInt128(now) * UInt128(rate.refill) + UInt128(missing)))
    }

    mutating func take(_ cost: UInt64) {
        level -= cost * rate.period
    }
}
