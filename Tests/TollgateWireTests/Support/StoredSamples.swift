import TollgateCore

/// Parts of stored records.
enum StoredSamples {
    /// Every limit, each with another value.
    static var limits: LimitSettings {
        var limits = LimitSettings()
        limits.rates.perSecond = 1
        limits.rates.perMinute = 2
        limits.rates.perHour = 3
        limits.rates.perDay = 4
        limits.rates.burst = 5
        limits.rates.tokensPerMinute = 6
        limits.rates.concurrent = 7
        limits.rates.isStrict = true
        limits.budgets.daily = Money(nanos: 8)
        limits.budgets.weekly = Money(nanos: 9)
        limits.budgets.monthly = Money(nanos: 10)
        limits.budgets.total = Money(nanos: 11)
        limits.budgets.timezone = "Europe/Berlin"
        limits.tokens.daily = 12
        limits.tokens.monthly = 13
        limits.tokens.total = 14
        limits.tokens.perRequestMax = 15
        limits.requests.total = 16
        return limits
    }

    /// Every restriction there is.
    static var restrictions: Restrictions {
        var restrictions = Restrictions()
        restrictions.expiresAt = WallTime(milliseconds: 0)
        restrictions.models = NameLists(allowed: ["gpt-*", ""], denied: ["gpt-4"])
        restrictions.providers = NameLists(allowed: ["openai"])
        restrictions.suppliers = NameLists(denied: ["x"])
        restrictions.regions = NameLists(allowed: ["EU"], denied: ["US"])
        restrictions.actions = NameLists(allowed: ["chat:*"])
        restrictions.ipAllowlist = IPAllowlist(isEnabled: true, addresses: ["10.0.0.0/8", "::1"])
        restrictions.limits = limits
        restrictions.policy = PolicyDocument(
            statements: [PolicyStatement(effect: .deny, actions: ["*"], resources: ["model:x"])]
        )
        restrictions.iamRules = [.allowModels(["a", ""]), .denyPricing(PricingRule(tier: .free))]
        restrictions.pricing = PricingRule(tier: .paid, maxInputPrice: 0)
        return restrictions
    }

    /// Everything that an administrator may want to hear of a key.
    static var notices: KeyNotices {
        var notices = KeyNotices()
        notices.budgetAlerts = KeyNotices.BudgetAlerts(
            thresholds: [0, 50, 100],
            notifyEmail: "a@b"
        )
        var alerts = KeyNotices.Alerts()
        alerts.budgetThreshold = [1, 99]
        alerts.rateLimitPercentage = 0
        alerts.failedAuthThreshold = .max
        alerts.unusualPatterns = true
        notices.alerts = alerts
        var webhooks = KeyNotices.Webhooks()
        webhooks.isEnabled = true
        webhooks.url = "https://example.com"
        webhooks.events = ["key.created", ""]
        webhooks.secret = [1, 0, 255]
        notices.webhooks = webhooks
        notices.contentRules = [
            KeyNotices.ContentRule(name: "n", pattern: "p", isBlocking: true),
            KeyNotices.ContentRule(name: "", pattern: "", isBlocking: false),
        ]
        var anomaly = KeyNotices.Anomaly()
        anomaly.isEnabled = true
        notices.anomaly = anomaly
        return notices
    }

    /// Any limits, also such as nobody can set.
    static func limits(using generator: inout SplitMix) -> LimitSettings {
        var limits = LimitSettings()
        limits.rates.perSecond = generator.count()
        limits.rates.perMinute = generator.count()
        limits.rates.perHour = generator.count()
        limits.rates.perDay = generator.count()
        limits.rates.burst = generator.count()
        limits.rates.tokensPerMinute = generator.count()
        limits.rates.concurrent = generator.count()
        limits.rates.isStrict = Bool.random(using: &generator)
        limits.budgets.daily = generator.money()
        limits.budgets.weekly = generator.money()
        limits.budgets.monthly = generator.money()
        limits.budgets.total = generator.money()
        limits.budgets.timezone = generator.text() ?? "UTC"
        limits.tokens.daily = generator.count()
        limits.tokens.monthly = generator.count()
        limits.tokens.total = generator.count()
        limits.tokens.perRequestMax = generator.count()
        limits.requests.total = generator.count()
        return limits
    }
}

/// Random numbers that are the same in every run with the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A number of any size, or none.
    mutating func count() -> UInt64? {
        let shift = next() % 66
        return shift == 65 ? nil : shift == 64 ? 0 : next() >> shift
    }

    /// An amount of any size either way, or none.
    mutating func money() -> Money? {
        count().map { Money(nanos: Int64(bitPattern: $0)) }
    }

    /// A text that is not empty, or none.
    mutating func text() -> String? {
        ["a", "é", "Ünder", "x.y:z_-", "👍🏽", nil].randomElement(using: &self) ?? nil
    }
}
