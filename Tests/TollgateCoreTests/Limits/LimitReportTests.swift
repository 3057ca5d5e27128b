internal import Testing

@testable internal import TollgateCore

@Suite("What is left of limits")
struct LimitReportTests {
    private static let now = Now(
        wall: WallTime(milliseconds: 1_700_000_000_000),
        monotonic: MonotonicTime(nanoseconds: 0)
    )

    private func chain(_ edit: (inout LimitSettings) -> Void) throws -> MeterChain {
        var settings = LimitSettings()
        edit(&settings)
        let meter = Meter(
            id: SubjectID(rawValue: 1),
            level: .key,
            rules: try LimitRules(settings, zones: .utcOnly),
            counters: Counters()
        )
        let chain = MeterChain(key: meter)
        chain.rollWindows(to: Self.now.wall)
        return chain
    }

    @Test("says nothing of single requests' limits, unless one of them denied")
    func singleRequests() throws {
        let chain = try chain {
            $0.tokens.perRequestMax = 10
            $0.tokens.daily = 1000
        }
        var report = LimitReport()
        report.read(chain, at: Self.now)
        #expect((0..<report.count).map { report[$0].name } == [.tokensDaily])

        let charge = Charge(tokens: 11, cost: .zero)
        let denial = try #require(chain.denial(of: charge, at: .size, Self.now))
        report.read(chain, at: Self.now, denied: denial)
        #expect((0..<report.count).map { report[$0].name } == [.perRequestMax, .tokensDaily])
        let state = try #require(report.state(of: .perRequestMax, at: .key))
        #expect((state.limit, state.remaining, state.reset) == (10, 10, 0))
        #expect(report.tokens?.name == .tokensDaily, "what one request may ask for is no rate")
    }

    @Test("has the limit that denied first, however many are tighter")
    func denied() throws {
        let chain = try chain {
            $0.rates.perSecond = 1
            $0.rates.perMinute = 1
            $0.rates.perHour = 1
            $0.rates.perDay = 1
            $0.rates.concurrent = 1
            $0.requests.total = 1
            $0.tokens.daily = 1
            $0.tokens.monthly = 1
            $0.tokens.total = 1
            $0.budgets.daily = Money(nanos: 1_000_000_000)
        }
        chain.count(Charge(tokens: 1, cost: .zero), at: Self.now)
        var report = LimitReport()
        let denial = LimitDenial(limit: .budgetDaily, level: .key, retryAfter: 1)
        report.read(chain, at: Self.now, denied: denial)
        #expect(report.count == LimitReport.capacity)
        #expect(report[0].name == .budgetDaily)
        #expect((1..<report.count).allSatisfy { report[$0].remaining == 0 })
        #expect(report.requests?.remaining == 0)
        #expect(report.tokens?.remaining == 0)
    }
}
