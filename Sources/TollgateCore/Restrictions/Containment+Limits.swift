extension LimitSettings {
    /// Makes sure that nothing passes these limits that others would stop.
    ///
    /// A limit that is not there is wider than any that is. Days of another time zone are other days,
    /// so what is limited by the day, week or month must be so in the same zone.
    func requireNoWider(than bound: LimitSettings) throws(Widening) {
        try rates.requireNoWider(than: bound.rates)
        if bound.hasWindows, budgets.timezone != bound.budgets.timezone {
            throw Widening("budget_limits.timezone", "must be that of your own limits")
        }
        let (own, other) = (budgets, bound.budgets)
        try Limits.require(own.daily, other.daily, "budget_limits.daily")
        try Limits.require(own.weekly, other.weekly, "budget_limits.weekly")
        try Limits.require(own.monthly, other.monthly, "budget_limits.monthly")
        try Limits.require(own.total, other.total, "budget_limits.total")
        try Limits.require(tokens.daily, bound.tokens.daily, "token_limits.daily")
        try Limits.require(tokens.monthly, bound.tokens.monthly, "token_limits.monthly")
        try Limits.require(tokens.total, bound.tokens.total, "token_limits.total")
        try Limits.require(
            tokens.perRequestMax,
            bound.tokens.perRequestMax,
            "token_limits.per_request_max"
        )
        try Limits.require(requests.total, bound.requests.total, "request_limits.total")
    }

    /// Whether anything is limited by the hours, days, weeks or months of a zone.
    private var hasWindows: Bool {
        budgets.daily != nil || budgets.weekly != nil || budgets.monthly != nil
            || tokens.daily != nil || tokens.monthly != nil
            || rates.perHour != nil || rates.perDay != nil
    }
}

extension LimitSettings.Rates {
    fileprivate func requireNoWider(than bound: LimitSettings.Rates) throws(Widening) {
        try requireNoWider(perSecond, bound.perSecond, bound, "rate_limits.per_second")
        try requireNoWider(perMinute, bound.perMinute, bound, "rate_limits.per_minute")
        try Limits.require(perHour, bound.perHour, "rate_limits.per_hour")
        try Limits.require(perDay, bound.perDay, "rate_limits.per_day")
        try Limits.require(
            tokensPerMinute,
            bound.tokensPerMinute,
            "rate_limits.tokens_per_minute"
        )
        if bound.tokensPerMinute != nil { try requireStrict(bound) }
        try Limits.require(concurrent, bound.concurrent, "rate_limits.concurrent")
    }

    private func requireNoWider(
        _ own: UInt64?,
        _ other: UInt64?,
        _ bound: LimitSettings.Rates,
        _ field: String
    ) throws(Widening) {
        guard let other else { return }
        try Limits.require(own, other, field)
        try requireStrict(bound)
        guard
            let own, let rate = Rate(limit: own, period: 1, burst: burst, isStrict: isStrict),
            let highest = Rate(
                limit: other,
                period: 1,
                burst: bound.burst,
                isStrict: bound.isStrict
            )
        else { return }
        guard rate.burst <= highest.burst else {
            throw Widening("rate_limits.burst", "is more than your own, or is needed")
        }
        guard rate.refill <= highest.refill else {
            throw Widening(field, "refills faster than your own")
        }
    }

    private func requireStrict(_ bound: LimitSettings.Rates) throws(Widening) {
        if bound.isStrict, !isStrict {
            throw Widening("rate_limits.strict", "must be true, as your own")
        }
    }
}

private enum Limits {
    /// Makes sure that a limit is there and no higher, if there is one to compare it with.
    static func require<Amount: Comparable>(
        _ own: Amount?,
        _ other: Amount?,
        _ field: String
    ) throws(Widening) {
        guard let other else { return }
        guard let own else { throw Widening(field, "is needed: your own key is limited so") }
        guard own <= other else { throw Widening(field, "is more than your own limit") }
    }
}
