internal import TollgateCore
internal import TollgateTesting

/// Policies and requests from so few names, amounts and times that they often meet.
struct RandomPolicies {
    static let zones = ZoneCatalogue { $0 == "West" ? try? ZoneCases.bytes("West") : nil }

    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func rules() -> PolicyRules {
        var rules = PolicyRules()
        if !random.isOnce(in: 8) {
            let statements = (0..<random.number(in: 0...4)).map { _ in statement() }
            rules.document = PolicyDocument(statements: statements)
        }
        if random.isOnce(in: 3) {
            rules.rules = (0..<random.number(in: 1...4)).map { _ in rule() }
        }
        if random.isOnce(in: 8) { rules.pricing = pricing() }
        return rules
    }

    mutating func request() -> PlainRequest {
        let start: Int64 = 1_893_456_000_000
        let minutes = Int64(random.number(in: 0...20_000))
        var request = PlainRequest(
            facts: PolicyFacts(
                now: WallTime(milliseconds: start + minutes * 60_000),
                dailySpent: amount(),
                monthlySpent: amount(),
                totalSpent: amount()
            )
        )
        if !random.isOnce(in: 3) {
            request.facts.price = ModelPrice(input: price(), output: price())
        }
        for name in ["model", "provider", "region", "supplier"] where !random.isOnce(in: 8) {
            request.names[name] = self.name()
        }
        if !random.isOnce(in: 8) {
            request.names["action"] = pick(["chat:a", "chat:b", "models:list"])
        }
        for (name, _) in PlainRequest.fields where random.isOnce(in: 16) {
            request.unreadable.insert(name)
        }
        if random.isOnce(in: 4) { request.otherModel = name() }
        if !random.isOnce(in: 4) { request.ip = pick(["10.0.0.1", "10.0.0.2"]) }
        request.tokens = UInt64(random.number(in: 0...3))
        if random.isOnce(in: 2) { request.input = UInt64(random.number(in: 0...3)) }
        request.isPromptUnknown = random.isOnce(in: 8)
        return request
    }

    private mutating func statement() -> PolicyStatement {
        let kinds = ["model", "provider", "region", "supplier"]
        var statement = PolicyStatement(
            effect: random.isOnce(in: 2) ? .allow : .deny,
            actions: some(["*", "*", "chat:*", "chat:a", "models:list", "*:list"]),
            resources: (0..<random.number(in: 1...3)).map { _ in "\(pick(kinds)):\(pattern())" }
        )
        if random.isOnce(in: 3) { statement.resources[0] = "*" }
        let hasNames = !statement.resources.contains("*")
        if hasNames, random.isOnce(in: 3) { statement.condition.isIn = patterns() }
        if hasNames, random.isOnce(in: 3) { statement.condition.notIn = patterns() }
        if random.isOnce(in: 2) { fill(&statement.condition) }
        return statement
    }

    private mutating func fill(_ condition: inout PolicyCondition) {
        switch random.number(in: 0...7) {
        case 0: condition.regionIn = patterns()
        case 1: condition.ipIn = some(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        case 2: condition.tokensUnder = UInt64(random.number(in: 1...3))
        case 3: condition.dailyBudget = bounds()
        case 4: condition.monthlyBudget = bounds()
        case 5: condition.totalBudget = bounds()
        case 6:
            let times = ["00:00", "06:00", "12:30", "18:00"]
            let start = pick(times)
            condition.timeBetween = TimeBetween(
                start: start,
                end: pick(times.filter { $0 != start }),
                timezone: pick(["UTC", "West"]),
                days: random.isOnce(in: 2) ? some(["mon", "tue", "fri", "sun"]) : nil
            )
        default:
            let days = ["2030-01-03", "2030-01-07", "2030-01-12"]
            let start = random.number(in: 0...2)
            condition.dateBetween = DateBetween(
                start: days[start],
                end: days[random.number(in: start...2)],
                timezone: random.isOnce(in: 2) ? "West" : nil
            )
        }
    }

    private mutating func rule() -> IAMRule {
        switch random.number(in: 0...5) {
        case 0: .allowModels(patterns())
        case 1: .denyModels(patterns())
        case 2: .allowProviders(patterns())
        case 3: .denyProviders(patterns())
        case 4: .allowPricing(pricing())
        default: .denyPricing(pricing())
        }
    }

    private mutating func pricing() -> PricingRule {
        var rule = PricingRule(tier: pick([.free, .paid, .any]))
        if random.isOnce(in: 2) { rule.maxInputPrice = price() }
        if random.isOnce(in: 2) || !rule.restricts { rule.maxOutputPrice = price() }
        return rule
    }

    private mutating func bounds() -> BudgetBounds {
        let over = random.number(in: 0...2)
        let under = random.number(in: over + 1...3)
        switch random.number(in: 0...2) {
        case 0: return BudgetBounds(under: Money(nanos: Int64(under)))
        case 1: return BudgetBounds(over: Money(nanos: Int64(over)))
        default:
            return BudgetBounds(under: Money(nanos: Int64(under)), over: Money(nanos: Int64(over)))
        }
    }

    private mutating func amount() -> Money { Money(nanos: Int64(random.number(in: 0...3))) }

    private mutating func price() -> UInt64 { UInt64(random.number(in: 0...2)) }

    private mutating func name() -> String { random.text(random.number(in: 1...2), of: "ab") }

    private mutating func pattern() -> String { random.text(random.number(in: 1...2), of: "ab*") }

    private mutating func patterns() -> [String] {
        (0..<random.number(in: 1...2)).map { _ in pattern() }
    }

    private mutating func some(_ values: [String]) -> [String] {
        (0..<random.number(in: 1...2)).map { _ in pick(values) }
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[random.number(in: 0...values.count - 1)]
    }
}
