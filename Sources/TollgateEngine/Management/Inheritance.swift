internal import TollgateCore

// What a key does not say, the groups above it say when it is used. To find out whether what it does
// say is wider than theirs, the rest is taken from them first.

extension Restrictions {
    /// These restrictions, with those of a group above where these say nothing.
    ///
    /// What both together deny is denied, so a denial of the group is one of these, too.
    func inheriting(from group: Restrictions) -> Restrictions {
        var whole = self
        whole.expiresAt = expiresAt ?? group.expiresAt
        whole.models = models.inheriting(from: group.models)
        whole.providers = providers.inheriting(from: group.providers)
        whole.suppliers = suppliers.inheriting(from: group.suppliers)
        whole.regions = regions.inheriting(from: group.regions)
        whole.actions = actions.inheriting(from: group.actions)
        if !ipAllowlist.isEnabled { whole.ipAllowlist = group.ipAllowlist }
        whole.limits = limits.inheriting(from: group.limits)
        whole.pricing = pricing.map { $0.inheriting(from: group.pricing) } ?? group.pricing
        whole.policy = policy.map { $0.inheriting(from: group.policy) } ?? group.policy
        whole.iamRules = iamRules.inheriting(from: group.iamRules)
        return whole
    }
}

extension NameLists {
    fileprivate func inheriting(from group: NameLists) -> NameLists {
        NameLists(
            allowed: allowed.isEmpty ? group.allowed : allowed,
            denied: denied + group.denied
        )
    }
}

extension LimitSettings {
    /// The group's days are counted in the group's zone, whatever the key's is: zones do not widen.
    fileprivate func inheriting(from group: LimitSettings) -> LimitSettings {
        var whole = self
        whole.rates = rates.inheriting(from: group.rates)
        whole.budgets.daily = budgets.daily ?? group.budgets.daily
        whole.budgets.weekly = budgets.weekly ?? group.budgets.weekly
        whole.budgets.monthly = budgets.monthly ?? group.budgets.monthly
        whole.budgets.total = budgets.total ?? group.budgets.total
        whole.budgets.timezone = group.budgets.timezone
        whole.tokens.daily = tokens.daily ?? group.tokens.daily
        whole.tokens.monthly = tokens.monthly ?? group.tokens.monthly
        whole.tokens.total = tokens.total ?? group.tokens.total
        whole.tokens.perRequestMax = tokens.perRequestMax ?? group.tokens.perRequestMax
        whole.requests.total = requests.total ?? group.requests.total
        return whole
    }
}

extension LimitSettings.Rates {
    fileprivate func inheriting(from group: LimitSettings.Rates) -> LimitSettings.Rates {
        var whole = self
        whole.perSecond = perSecond ?? group.perSecond
        whole.perMinute = perMinute ?? group.perMinute
        whole.perHour = perHour ?? group.perHour
        whole.perDay = perDay ?? group.perDay
        whole.burst = burst ?? group.burst
        whole.tokensPerMinute = tokensPerMinute ?? group.tokensPerMinute
        whole.concurrent = concurrent ?? group.concurrent
        whole.isStrict = isStrict || group.isStrict
        return whole
    }
}

extension PricingRule {
    fileprivate func inheriting(from group: PricingRule?) -> PricingRule {
        guard let group else { return self }
        return PricingRule(
            tier: tier == .any ? group.tier : tier,
            maxInputPrice: maxInputPrice ?? group.maxInputPrice,
            maxOutputPrice: maxOutputPrice ?? group.maxOutputPrice
        )
    }
}

extension PolicyDocument {
    fileprivate func inheriting(from group: PolicyDocument?) -> PolicyDocument {
        var whole = self
        let saysWhat = statements.contains { $0.effect == .allow }
        whole.statements +=
            group?.statements.filter { $0.effect == .deny || !saysWhat } ?? []
        return whole
    }
}

extension [IAMRule] {
    fileprivate func inheriting(from group: [IAMRule]) -> [IAMRule] {
        let said = Set(map(\.name))
        return self + group.filter { !$0.isAllowance || !said.contains($0.name) }
    }
}

extension IAMRule {
    /// Whether what none of its kind names is stopped.
    fileprivate var isAllowance: Bool {
        switch self {
        case .allowModels, .allowProviders, .allowPricing: true
        case .denyModels, .denyProviders, .denyPricing: false
        }
    }
}
