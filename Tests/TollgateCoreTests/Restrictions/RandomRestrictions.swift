internal import TollgateCore
internal import TollgateTesting

/// Restrictions and requests from few words, so that they often meet.
struct RandomRestrictions {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    private static let patterns = ["a*", "ab*", "*b", "a*b", "*", "ab", "b", "aab", "*a*", "**"]
    private static let networks = ["10.0.0.0/30", "10.0.0.1", "10.0.0.0/31", "::/0", "10.0.0.2"]

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[random.number(in: 0...elements.count - 1)]
    }

    private mutating func some<Element>(_ elements: [Element]) -> [Element] {
        (0...random.number(in: 0...2)).map { _ in pick(elements) }
    }

    /// Any restrictions at all.
    mutating func any() -> Restrictions {
        var restrictions = Restrictions()
        for _ in 0..<random.number(in: 0...4) { change(&restrictions) }
        return restrictions
    }

    /// Restrictions that are like others but for a few changes.
    mutating func like(_ others: Restrictions) -> Restrictions {
        var restrictions = others
        for _ in 0..<random.number(in: 0...3) { change(&restrictions) }
        return restrictions
    }

    private mutating func change(_ restrictions: inout Restrictions) {
        switch random.number(in: 0...9) {
        case 0: restrictions.models = lists()
        case 1: restrictions.providers = lists()
        case 2: restrictions.regions = lists()
        case 3: restrictions.actions = lists()
        case 4:
            restrictions.ipAllowlist = IPAllowlist(
                isEnabled: !random.isOnce(in: 4),
                addresses: some(RandomRestrictions.networks)
            )
        case 5: changeLimits(&restrictions.limits)
        case 6: restrictions.policy = random.isOnce(in: 8) ? nil : policy()
        case 7: restrictions.iamRules = (0..<random.number(in: 0...3)).map { _ in rule() }
        case 8: restrictions.pricing = random.isOnce(in: 4) ? nil : pricing()
        default:
            restrictions.expiresAt =
                random.isOnce(in: 4)
                ? nil : WallTime(milliseconds: Int64(random.number(in: 0...60) * 1000))
        }
    }

    private mutating func lists() -> NameLists {
        NameLists(
            allowed: random.isOnce(in: 3) ? [] : some(RandomRestrictions.patterns),
            denied: random.isOnce(in: 2) ? [] : some(RandomRestrictions.patterns)
        )
    }

    private mutating func amount() -> UInt64? {
        random.isOnce(in: 4) ? nil : UInt64(random.number(in: 1...8))
    }

    private mutating func changeLimits(_ limits: inout LimitSettings) {
        switch random.number(in: 0...9) {
        case 0: limits.rates.perSecond = amount()
        case 1: limits.rates.perMinute = amount()
        case 2: limits.rates.burst = random.isOnce(in: 2) ? nil : 2
        case 3: limits.rates.isStrict.toggle()
        case 4: limits.rates.perHour = amount()
        case 5: limits.rates.concurrent = amount()
        case 6: limits.requests.total = amount()
        case 7: limits.tokens.daily = amount().map { $0 * 10 }
        case 8: limits.budgets.monthly = amount().map { Money(nanos: Int64($0)) }
        default: limits.tokens.perRequestMax = amount()
        }
    }

    private mutating func pricing() -> PricingRule {
        PricingRule(
            tier: pick(PricingTier.allCases),
            maxInputPrice: random.isOnce(in: 2) ? nil : UInt64(random.number(in: 0...2)),
            maxOutputPrice: random.isOnce(in: 3) ? UInt64(random.number(in: 0...2)) : nil
        )
    }

    private mutating func rule() -> IAMRule {
        switch random.number(in: 0...5) {
        case 0: return .allowModels(some(RandomRestrictions.patterns))
        case 1: return .denyModels(some(RandomRestrictions.patterns))
        case 2: return .allowProviders(some(RandomRestrictions.patterns))
        case 3: return .denyProviders(some(RandomRestrictions.patterns))
        case 4: return .allowPricing(PricingRule(tier: .paid))
        default: return .denyPricing(PricingRule(tier: .any, maxInputPrice: 1))
        }
    }

    private mutating func policy() -> PolicyDocument {
        PolicyDocument(
            statements: (0..<random.number(in: 1...3)).map { _ in
                var statement = PolicyStatement(
                    effect: random.isOnce(in: 3) ? .deny : .allow,
                    actions: some(["*", "a*", "ab", "*b", "models:list"]),
                    resources: some(["*", "model:a*", "model:ab", "provider:*", "region:b"])
                )
                if random.isOnce(in: 3) { statement.condition.tokensUnder = 3 }
                if random.isOnce(in: 5), !statement.resources.contains("*") {
                    statement.condition.notIn = ["ab"]
                }
                return statement
            }
        )
    }

    /// A request, where it comes from, and what it asks for.
    mutating func fill(_ request: inout CheckRequest) throws {
        for field in [CheckRequest.Field.model, .provider, .region, .action]
        where !random.isOnce(in: 8) {
            try request.set(field, to: pick(["a", "ab", "b", "aab", "ba", "abb"]))
        }
        if random.isOnce(in: 10) { try request.set(.action, to: Action.listModels) }
        if !random.isOnce(in: 5) {
            request.clientIP = IPAddress("10.0.0.\(random.number(in: 0...4))")
        }
        request.tokens = UInt64(random.number(in: 0...4))
    }

    /// A price, or none.
    mutating func price() -> RequestPrice {
        if random.isOnce(in: 6) { return .unknown(.denyWhenBudgeted) }
        let (input, output) = (random.number(in: 0...2), random.number(in: 0...2))
        return .known(ModelPrice(input: UInt64(input), output: UInt64(output)))
    }
}
