internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Counters")
struct CountersTests {
    @Test("count in windows of the calendar alike, in whatever order")
    func calendarCommutes() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var changes = (0..<random.number(in: 2...12)).map { _ in
                (amounts: self.amounts(&random), windows: self.windows(&random))
            }
            var first = Counters()
            for change in changes { first.count(change.amounts, in: change.windows) }
            changes.shuffle(using: &random)
            var second = Counters()
            for change in changes { second.count(change.amounts, in: change.windows) }
            #expect(first == second, "seed \(seed)")
        }
    }

    @Test("stop at the ends of 64 bits, and a counter that stands there lets nothing pass")
    func saturation() throws {
        var settings = LimitSettings()
        settings.tokens.total = 1 << 62
        settings.budgets.total = Money(nanos: 1 << 62)
        settings.rates.concurrent = 1 << 62
        let meter = try meter(settings)
        let most = Amounts(requests: .max, tokens: .max, cost: .max)
        let windows = WindowIDs(hour: .max, day: .max, week: .max, month: .max)
        for _ in 0..<3 {
            meter.counters.count(most, in: windows)
            meter.counters.hold(most, at: WallTime(milliseconds: 0))
        }
        #expect(meter.counters.held == most)
        let chain = MeterChain(key: meter)
        let now = Now(wall: WallTime(milliseconds: 0), monotonic: MonotonicTime(nanoseconds: 0))
        chain.rollWindows(to: now.wall)
        let denial = chain.denial(of: Charge(tokens: 1, cost: .zero), at: .quotas, now)
        #expect(denial?.limit == .budgetTotal)
        #expect(denial?.retryAfter == 0)
        for _ in 0..<5 {
            meter.counters.count(-most, in: windows)
            meter.counters.count(Amounts(requests: .min, tokens: .min, cost: .min), in: windows)
            meter.counters.release(most)
        }
        #expect(meter.used(.total).tokens == .min)
        #expect(chain.denial(of: Charge(tokens: 1, cost: .zero), at: .quotas, now) == nil)
        var report = LimitReport()
        report.read(chain, at: now)
        #expect(report.count == 3)
    }

    @Test("let a debt shrink that was larger than a new rate would have let it become")
    func debtAfterChange() throws {
        let minute: UInt64 = 60_000_000_000
        let old = try #require(Rate(limit: 1, period: minute, burst: 1000))
        let new = try #require(Rate(limit: 60, period: minute))
        var counters = Counters()
        let start = MonotonicTime(nanoseconds: 0)
        counters.charge(1000, old, .requestsPerMinute, at: start)
        // Sixteen hours' worth of requests are used up. As soon as the limit is raised, no more than
        // a minute's are.
        var passed = 0
        for second in 0...60 {
            let now = MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000)
            let state = counters.state(.requestsPerMinute, for: new)
            guard case .admitted = new.check(1, state, at: now) else { continue }
            counters.charge(1, new, .requestsPerMinute, at: now)
            passed += 1
        }
        #expect(passed == 60)
    }

    private func amounts(_ random: inout SeededGenerator) -> Amounts {
        Amounts(
            requests: Int64(random.number(in: -1...1)),
            tokens: Int64(random.number(in: -500...500)),
            cost: Int64(random.number(in: -500...500))
        )
    }

    private func windows(_ random: inout SeededGenerator) -> WindowIDs {
        func number() -> Int32 { Int32(random.number(in: 0...3)) }
        return WindowIDs(hour: number(), day: number(), week: number(), month: number())
    }

    private func meter(_ settings: LimitSettings) throws -> Meter {
        Meter(
            id: SubjectID(rawValue: 1),
            level: .key,
            rules: try LimitRules(settings, zones: .utcOnly),
            counters: Counters()
        )
    }
}
