internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("A rate, when what was charged or allowed changes afterwards")
struct RateCorrectionTests {
    private struct Charge {
        let time: Int64
        var cost: UInt64
    }

    @Test("gives back a charge, and never more than makes it full")
    func refunds() throws {
        let rate = try #require(Rate(limit: 60, period: 60_000_000_000, burst: 100))
        let now = MonotonicTime(nanoseconds: 5_000_000_000)
        let used = rate.charge(80, .full, at: now)
        #expect(rate.remaining(used, at: now) == 20)
        let corrected = try #require(
            rate.refund(50, chargedAt: now, refill: 60, used, at: now)
        )
        #expect(rate.remaining(corrected, at: now) == 70)
        for cost in [80, 81, 1 << 53, UInt64.max] {
            let full = try #require(
                rate.refund(cost, chargedAt: now, refill: 60, used, at: now)
            )
            #expect(rate.remaining(full, at: now) == 100)
            #expect(rate.check(101, full, at: now) == .never)
            guard case .admitted(let empty) = rate.check(100, full, at: now) else {
                Issue.record("a full allowance must let its burst through")
                continue
            }
            #expect(rate.check(1, empty, at: now) == .denied(retryAfter: 1_000_000_000))
        }
    }

    @Test("takes a charge above what was left, and denies until it is made up")
    func overdrawn() throws {
        let rate = try #require(Rate(limit: 60, period: 60_000_000_000))
        let now = MonotonicTime(nanoseconds: 0)
        let state = rate.charge(90, .full, at: now)
        #expect(rate.remaining(state, at: now) == 0)
        #expect(rate.check(1, state, at: now) == .denied(retryAfter: 31_000_000_000))
        #expect(rate.check(0, state, at: now) == .denied(retryAfter: 30_000_000_000))
        #expect(rate.reset(state, at: now) == 90_000_000_000)
    }

    @Test(
        "lets through no more than its bound and what came back in that window of the last period"
    )
    func windowsWithRefunds() throws {
        try run(isStrict: false) { rate, charges, refunds, window in
            let charged = charges.reduce(0) { $0 + (window.contains($1.time) ? $1.cost : 0) }
            var back: UInt64 = 0
            for (charge, refund) in zip(charges, refunds)
            where window.contains(refund.time) && refund.time < charge.time + Int64(rate.period) {
                back += refund.cost
            }
            return charged <= rate.limit + rate.burst + back
        }
    }

    @Test("gives nothing back of what was charged a period ago, and all of it just before")
    func refundsOfOldCharges() throws {
        let rate = try #require(Rate(limit: 1000, period: 60_000_000_000, burst: 5000))
        let start = MonotonicTime(nanoseconds: 7)
        var state = rate.charge(5000, .full, at: start)
        let before = MonotonicTime(nanoseconds: 60_000_000_006)
        let now = MonotonicTime(nanoseconds: 60_000_000_007)
        state = try #require(
            rate.refund(1000, chargedAt: start, refill: 1000, state, at: before)
        )
        #expect(rate.remaining(state, at: now) == 2000)
        #expect(rate.refund(1000, chargedAt: start, refill: 1000, state, at: now) == nil)
        #expect(rate.refund(1000, chargedAt: now, refill: 0, state, at: now) == nil)
    }

    @Test("that was changed gets back the share that a charge took of the old one")
    func refundsAcrossRates() throws {
        let minute: UInt64 = 60_000_000_000
        let now = MonotonicTime(nanoseconds: 9)
        for (first, second) in [(100_000, 1000), (1000, 100_000), (7, 3), (3, 7)]
            as [(UInt64, UInt64)]
        {
            let old = try #require(Rate(limit: first, period: minute))
            let new = try #require(Rate(limit: second, period: minute))
            var state = Rate.State.full
            for _ in 0..<first { state = old.charge(1, state, at: now) }
            state = old.convert(state, to: new, at: now)
            #expect(new.remaining(state, at: now) == 0)
            for settled in 1...first {
                state = try #require(
                    new.refund(1, chargedAt: now, refill: old.refill, state, at: now)
                )
                // Rounded down: what was used by the others stays taken.
                let most = settled * second / first
                let left = new.remaining(state, at: now)
                #expect(left <= most && left + 1 >= most)
            }
        }
    }

    @Test("keeps a strict limit for what was really used, however late the rest comes back")
    func strictWindowsWithRefunds() throws {
        try run(isStrict: true) { rate, charges, refunds, window in
            var used: UInt64 = 0
            for (charge, refund) in zip(charges, refunds) where window.contains(charge.time) {
                used += charge.cost - refund.cost
            }
            return used <= rate.limit
        }
    }

    /// Charges and gives back at random; after each step `holds` must be true of the last window.
    ///
    /// To each charge belongs the refund at the same place; one that is yet to come costs 0.
    private func run(
        isStrict: Bool,
        _ holds: (Rate, [Charge], [Charge], ClosedRange<Int64>) -> Bool
    ) throws {
        for seed in 0..<400 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let rate = try #require(RateTests.randomRate(using: &random, isStrict: isStrict))
            var state = Rate.State.full
            var charges: [Charge] = []
            var refunds: [Charge] = []
            var time: Int64 = 0
            for _ in 0..<300 {
                time += .random(in: 0...Int64(rate.period / 3 + 1), using: &random)
                let now = MonotonicTime(nanoseconds: time)
                let place = Int.random(in: 0...charges.count, using: &random)
                if Bool.random(using: &random), place < charges.count, refunds[place].cost == 0 {
                    let back = UInt64.random(in: 0...charges[place].cost, using: &random)
                    let chargedAt = MonotonicTime(nanoseconds: charges[place].time)
                    state =
                        rate.refund(
                            back,
                            chargedAt: chargedAt,
                            refill: rate.refill,
                            state,
                            at: now
                        ) ?? state
                    refunds[place] = Charge(time: time, cost: back)
                }
                let cost = UInt64.random(in: 1...rate.burst, using: &random)
                guard case .admitted(let next) = rate.check(cost, state, at: now) else { continue }
                state = next
                charges.append(Charge(time: time, cost: cost))
                refunds.append(Charge(time: time, cost: 0))
                let window = time - Int64(rate.period) + 1...time
                #expect(holds(rate, charges, refunds, window), "seed \(seed)")
            }
        }
    }

    @Test("keeps the used share when the limit changes, rounded to the caller's disadvantage")
    func conversion() throws {
        let minute: UInt64 = 60_000_000_000
        let now = MonotonicTime(nanoseconds: 7_000_000_001)
        let old = try #require(Rate(limit: 100, period: minute))
        let used = old.charge(50, .full, at: now)
        for (limit, left) in [(1000, 500), (10, 5), (3, 1), (1, 0), (100, 50)] {
            let new = try #require(Rate(limit: UInt64(limit), period: minute))
            let state = old.convert(used, to: new, at: now)
            #expect(new.remaining(state, at: now) == left)
            #expect(new.reset(state, at: now) == old.reset(used, at: now))
        }
        let unused = old.convert(.full, to: try #require(Rate(limit: 7, period: 1)), at: now)
        #expect(try #require(Rate(limit: 7, period: 1)).remaining(unused, at: now) == 7)
    }

    @Test("waits after a change no longer than a new subject that used up all it had")
    func conversionIsBounded() throws {
        let day = try #require(Rate(limit: 10, period: 86_400_000_000_000))
        let second = try #require(Rate(limit: 10, period: 1_000_000_000))
        let now = MonotonicTime(nanoseconds: 1)
        let used = day.charge(30, .full, at: now)
        let state = day.convert(used, to: second, at: now)
        #expect(second.reset(state, at: now) == 1_000_000_000)
        #expect(second.remaining(state, at: now) == 0)
    }

    @Test("gives nothing away however often the limit is changed to and fro")
    func conversionIsMonotonic() throws {
        for seed in 0..<500 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let first = try #require(
                Rate(limit: .random(in: 1...1000, using: &random), period: 977)
            )
            let second = try #require(
                Rate(limit: .random(in: 1...1000, using: &random), period: 977)
            )
            let now = MonotonicTime(nanoseconds: .random(in: 0...5000, using: &random))
            let used = UInt64.random(in: 0...first.burst, using: &random)
            let before = first.charge(used, .full, at: now)
            var after = before
            for _ in 0..<5 {
                after = first.convert(after, to: second, at: now)
                after = second.convert(after, to: first, at: now)
            }
            #expect(after.fullAt >= before.fullAt, "seed \(seed)")
        }
    }
}
