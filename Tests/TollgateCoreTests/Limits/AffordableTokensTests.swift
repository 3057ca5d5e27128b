internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("The tokens that a request can afford")
struct AffordableTokensTests {
    @Test("are the most with which it passes, and one more does not")
    func isLargest() throws {
        var found: Set<Bool> = []
        for seed in 0..<4000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let chain = try chain(&random)
            let price = random.isOnce(in: 6) ? nil : price(&random)
            let input = random.isOnce(in: 2) ? 0 : UInt64(random.number(in: 0...400))
            chain.rollWindows(to: Self.now.wall)
            let most = chain.affordableTokens(inputTokens: input, price: price, Self.now)
            found.insert(most > 0)
            if most == 0 {
                // Nothing passes beyond what nobody asks for.
                #expect(!passes(max(input, 1), input, price, chain), "seed \(seed)")
                continue
            }
            #expect(most >= input, "seed \(seed)")
            #expect(passes(most, input, price, chain), "seed \(seed)")
            let isHighest = most == Charge.highestTokens
            #expect(isHighest || !passes(most + 1, input, price, chain), "seed \(seed)")
        }
        #expect(found.count == 2)
    }

    @Test("are none where a price is beyond what any budget can say, whatever the numbers")
    func extremes() throws {
        let meter = Meter(
            id: SubjectID(rawValue: 1),
            level: .key,
            rules: .none,
            counters: Counters()
        )
        let chain = MeterChain(key: meter)
        let dearest = ModelPrice(input: ModelPrice.limit, output: ModelPrice.limit)
        for input in [0, 1, 1 << 40, 1 << 62, .max] as [UInt64] {
            for price in [dearest, ModelPrice(input: 0, output: 0), nil] {
                let most = chain.affordableTokens(inputTokens: input, price: price, Self.now)
                #expect(most <= Charge.highestTokens)
                #expect(most == 0 || most >= input)
                if most > 0 { #expect(passes(most, input, price, chain)) }
            }
        }
        #expect(chain.affordableTokens(inputTokens: 0, price: dearest, Self.now) == 8_388_607_999)
    }

    @Test("of a price are those that its cost is covered for", arguments: 0..<20)
    func ofMoney(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let price = price(&random)
            let input = UInt64(random.number(in: 0...100))
            let money = Money(nanos: Int64(random.number(in: 0...5000)))
            let most = price.tokens(affordableFor: money, input)
            guard most > 0, most < 1 << 60 else { continue }
            let cost = price.highestCost(tokens: most, input: input)
            #expect(cost.map { $0 <= money } == true)
            let more = price.highestCost(tokens: most + 1, input: input)
            #expect(more.map { $0 > money } == true)
        }
        #expect(price(&random).tokens(affordableFor: Money(nanos: -1), 0) == 0)
    }

    @Test("are no more than what is usual for a key whose unusual requests are denied")
    func usual() throws {
        var record = KeyRecord(
            id: KeyID(rawValue: 1),
            name: "key",
            createdAt: WallTime(milliseconds: Self.now.wall.milliseconds - 48 * 3_600_000)
        )
        record.limits.tokens.perRequestMax = 150_000
        record.notices.anomaly = KeyNotices.Anomaly()
        record.notices.anomaly?.isEnabled = true
        record.notices.anomaly?.isBlocking = true
        for used in [0, 60_000, 99_999, 100_000, 100_001] as [UInt64] {
            let rules = try KeyRules(record, zones: .utcOnly)
            let limits = try LimitRules(record.limits, zones: .utcOnly)
            let id = SubjectID(record.id)
            let meter = Meter(id: id, level: .key, rules: limits, counters: Counters())
            let chain = MeterChain(key: meter)
            chain.rollWindows(to: Self.now.wall)
            meter.counters.count(Amounts(requests: 1, tokens: Int64(used)), in: meter.windows)
            let subject = DecisionSubject(rules: rules, chain: chain)
            func reason(tokens: UInt64) -> (Reason, UInt64) {
                var request = CheckRequest()
                request.tokens = tokens
                let price = RequestPrice.unknown(.allowFree)
                let reservation = ReservationID(rawValue: 1)
                let verdict = Decide.verdict(
                    on: request,
                    by: subject,
                    price: price,
                    at: Self.now,
                    reservation: reservation
                )
                return (verdict.reason, verdict.affordableTokens)
            }
            let (denial, affordable) = reason(tokens: 200_000)
            #expect(denial == .requestTooLarge)
            #expect(affordable == 100_000 - min(used, 100_000))
            if used <= 100_000 { #expect(reason(tokens: affordable).0 == .allowed) }
            #expect(reason(tokens: affordable + 1).0 == .anomalyBlocked)
        }
    }

    @Test("leave room for what was counted before, also without a limit")
    func room() throws {
        let meter = Meter(
            id: SubjectID(rawValue: 1),
            level: .key,
            rules: .none,
            counters: Counters()
        )
        let chain = MeterChain(key: meter)
        chain.rollWindows(to: Self.now.wall)
        let price = ModelPrice(input: 1 << 40, output: 1 << 40)
        let charge = Charge(tokens: 1 << 32, cost: Money(nanos: 4_722_366_482_869_645_214))
        #expect(chain.hasRoom(for: charge))
        chain.count(charge, at: Self.now)
        #expect(!chain.hasRoom(for: charge))
        let most = chain.affordableTokens(inputTokens: 0, price: price, Self.now)
        #expect(passes(most, 0, price, chain))
        #expect(!passes(most + 1, 0, price, chain))
    }

    private static let now = Now(
        wall: WallTime(milliseconds: 1_700_000_000_000),
        monotonic: MonotonicTime(nanoseconds: 9_000_000_000)
    )

    /// Whether a request for so many tokens is neither beyond all measure nor stopped by a limit.
    private func passes(
        _ tokens: UInt64,
        _ input: UInt64,
        _ price: ModelPrice?,
        _ chain: MeterChain
    ) -> Bool {
        var request = CheckRequest()
        request.tokens = tokens
        request.inputTokens = input
        let known = price.map(RequestPrice.known) ?? .unknown(.allowFree)
        guard let charge = Decide.charge(for: request, known), chain.hasRoom(for: charge) else {
            return false
        }
        return LimitStage.allCases.allSatisfy { chain.denial(of: charge, at: $0, Self.now) == nil }
    }

    private func price(_ random: inout SeededGenerator) -> ModelPrice {
        func part() -> UInt64 { UInt64(random.number(in: 0...random.number(in: 0...4000))) }
        return ModelPrice(
            input: part(),
            output: part(),
            cachedInput: random.isOnce(in: 2) ? part() : nil
        )
    }

    /// Meters with random limits, of which some is used up already.
    private func chain(_ random: inout SeededGenerator) throws -> MeterChain {
        let key = try meter(1, .key, &random)
        let team = random.isOnce(in: 2) ? try meter(2, .team, &random) : nil
        let organization = random.isOnce(in: 2) ? try meter(3, .organization, &random) : nil
        return MeterChain(key: key, team: team, organization: organization)
    }

    private func meter(
        _ id: UInt128,
        _ level: LimitLevel,
        _ random: inout SeededGenerator
    ) throws -> Meter {
        func some(_ most: Int) -> UInt64? {
            random.isOnce(in: 3) ? UInt64(random.number(in: 1...most)) : nil
        }
        var settings = LimitSettings()
        settings.rates.perMinute = some(4)
        settings.rates.tokensPerMinute = some(3000)
        settings.rates.isStrict = random.isOnce(in: 3)
        settings.rates.concurrent = some(4)
        settings.tokens.daily = some(3000)
        settings.tokens.perRequestMax = some(2000)
        settings.budgets.total = some(9000).map { Money(nanos: Int64($0)) }
        settings.requests.total = some(4)
        let rules = try LimitRules(settings, zones: .utcOnly)
        let meter = Meter(
            id: SubjectID(rawValue: id),
            level: level,
            rules: rules,
            counters: Counters()
        )
        meter.rollWindows(to: Self.now.wall)
        for _ in 0..<random.number(in: 0...2) {
            let charge = Charge(
                tokens: UInt64(random.number(in: 0...2000)),
                cost: Money(nanos: Int64(random.number(in: 0...5000)))
            )
            MeterChain(key: meter).count(charge, at: Self.now)
        }
        return meter
    }
}
