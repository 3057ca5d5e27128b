internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("Numbers that nobody needs")
struct ExtremesTests {
    private static let numbers: [UInt64] = [
        0, 1, 1 << 31, 1 << 40, 1 << 40 + 1, 1 << 53, 1 << 62, 1 << 63 - 1, 1 << 63, .max,
    ]

    @Test("never stop the server, and the journal can always be read back")
    func survive() throws {
        for seed in 0..<150 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let house = try House()
            let (old, secret) = try house.key()
            var record = old
            limit(&record.limits, &random)
            if random.isOnce(in: 2) { record.enforcement = .monitor }
            try house.catalogue.save(record, replacing: old)
            let loop = house.engine.makeLoop()
            var reservations: [ReservationID] = []
            for _ in 0..<20 {
                loop.beginTurn()
                if let reservation = try check(secret, loop, &random) {
                    reservations.append(reservation)
                }
                try settle(reservations.randomElement(using: &random), loop, &random)
                _ = try loop.commit()
                house.time.advance(milliseconds: Int64(random.number(in: 0...200_000)))
                try house.engine.tend(loop)
                let usage = try #require(try house.engine.usage(ofKey: record.id))
                #expect(usage.counters.openHolds >= 0)
            }
            let ledger = try house.memory.reopened()
            let counters = try ledger.counters(of: SubjectID(record.id)) ?? Counters()
            #expect(try house.engine.usage(ofKey: record.id)?.counters == counters, "seed \(seed)")
        }
    }

    @Test(
        "are denied before a counter is at its end, so that nothing can come back that was not taken"
    )
    func noEnd() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        var reservations: [ReservationID] = []
        var reasons: [Reason] = []
        for _ in 0..<3 {
            loop.beginTurn()
            var request = CheckRequest()
            request.present(secret)
            try request.set(.model, to: "dear")
            request.tokens = 1 << 32
            let verdict = try loop.check(&request)
            reasons.append(verdict.reason)
            if verdict.isAllowed { reservations.append(verdict.reservation) }
            _ = try loop.commit()
        }
        #expect(reasons == [.allowed, .requestTooLarge, .requestTooLarge])
        loop.beginTurn()
        for reservation in reservations {
            var settlement = Settlement()
            settlement.reservation = reservation
            settlement.status = 503
            _ = try loop.settle(settlement)
        }
        _ = try loop.commit()
        let usage = try #require(try house.engine.usage(ofKey: record.id))
        #expect(usage.used(.total) == .zero)
        #expect(usage.counters.held == .zero)
    }

    private func check(
        _ secret: String,
        _ loop: DecisionLoop,
        _ random: inout SeededGenerator
    ) throws -> ReservationID? {
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: ["cheap", "dear", "gift", "free"][random.number(in: 0...3)])
        request.tokens = number(&random)
        request.inputTokens = random.isOnce(in: 2) ? number(&random) : 0
        let lines = loop.explain(&request)
        #expect(lines.count >= 8)
        let verdict = try loop.check(&request)
        #expect(verdict.affordableTokens <= Charge.highestTokens)
        guard let charge = verdict.charge else { return nil }
        #expect(charge.amounts.tokens <= Int64(Charge.highestTokens) && charge.amounts.cost >= 0)
        return verdict.reservation
    }

    private func settle(
        _ reservation: ReservationID?,
        _ loop: DecisionLoop,
        _ random: inout SeededGenerator
    ) throws {
        guard let reservation else { return }
        var settlement = Settlement()
        settlement.reservation = reservation
        settlement.tokens = TokenCounts(
            input: number(&random),
            cachedInput: random.isOnce(in: 2) ? number(&random) : 0,
            output: number(&random)
        )
        let outcome = try loop.outcome(of: settlement)
        #expect(outcome.map { $0.cost >= .zero } == true)
    }

    private func number(_ random: inout SeededGenerator) -> UInt64 {
        Self.numbers[random.number(in: 0...Self.numbers.count - 1)]
    }

    private func limit(_ settings: inout LimitSettings, _ random: inout SeededGenerator) {
        let rates: [UInt64?] = [nil, 1, Rate.highest]
        let amounts: [UInt64?] = [nil, 1, 1 << 62]
        func rate() -> UInt64? { rates[random.number(in: 0...2)] }
        func amount() -> UInt64? { amounts[random.number(in: 0...2)] }
        func money() -> Money? { amount().map { Money(nanos: Int64($0)) } }
        settings.rates.perSecond = rate()
        settings.rates.perMinute = rate()
        settings.rates.tokensPerMinute = rate()
        settings.rates.isStrict = random.isOnce(in: 2)
        settings.rates.perHour = amount()
        settings.rates.concurrent = amount()
        settings.tokens.perRequestMax = amount()
        settings.tokens.daily = amount()
        settings.tokens.total = amount()
        settings.requests.total = amount()
        settings.budgets.daily = money()
        settings.budgets.total = money()
    }
}
