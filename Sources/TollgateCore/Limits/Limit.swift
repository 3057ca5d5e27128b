/// One limit: what is metered, over which window, and how much of it.
///
/// The only form in which a decision knows limits, whatever they were called when they were set.
package struct Limit: Equatable, Sendable {
    /// Over what a limit counts.
    package enum Window: Equatable, Sendable {
        /// Continuously, in the allowance of this slot; `LimitRules.rate` has the rate.
        case rate(RateSlot)
        /// From one date to another.
        case calendar(CalendarPeriod)
        /// While requests are open.
        case open
        /// Within one request.
        case request
    }

    package let name: LimitName
    package let metered: Metered
    package let window: Window
    /// In requests, tokens, nano-USD or open requests.
    package let amount: Int64

    /// The highest amount that is taken.
    package static let highest: Int64 = 1 << 62

    /// What stands where no limit is.
    static let none = Limit(
        name: .requestsTotal,
        metered: .requests,
        window: .calendar(.total),
        amount: .max
    )
}

/// The allowances that a subject has, by their place among its counters.
package enum RateSlot: UInt8, CaseIterable, Sendable {
    case requestsPerSecond
    case requestsPerMinute
    case tokensPerMinute

    /// How many slots there are.
    package static let count: UInt8 = 3

    /// In nanoseconds.
    package var period: UInt64 {
        switch self {
        case .requestsPerSecond: 1_000_000_000
        case .requestsPerMinute, .tokensPerMinute: 60_000_000_000
        }
    }

    /// What the allowance is of.
    package var metered: Metered {
        self == .tokensPerMinute ? .tokens : .requests
    }
}

/// Which limit it is: the field by which it was set.
///
/// The raw value is what the journal stores: numbers are for good. Within one reason, in the order
/// in which limits are looked at.
package enum LimitName: UInt8, CaseIterable, Sendable {
    case perRequestMax = 1

    case perSecond = 10
    case perMinute = 11
    case perHour = 12
    case perDay = 13
    case tokensPerMinute = 14
    case concurrent = 15

    case budgetDaily = 20
    case budgetWeekly = 21
    case budgetMonthly = 22
    case budgetTotal = 23
    case balance = 24
    case tokensDaily = 30
    case tokensMonthly = 31
    case tokensTotal = 32
    case requestsTotal = 40

    /// The path of the field, as callers know it.
    package var text: StaticString {
        switch self {
        case .perRequestMax: "token_limits.per_request_max"
        case .perSecond: "rate_limits.per_second"
        case .perMinute: "rate_limits.per_minute"
        case .perHour: "rate_limits.per_hour"
        case .perDay: "rate_limits.per_day"
        case .tokensPerMinute: "rate_limits.tokens_per_minute"
        case .concurrent: "rate_limits.concurrent"
        case .budgetDaily: "budget_limits.daily"
        case .budgetWeekly: "budget_limits.weekly"
        case .budgetMonthly: "budget_limits.monthly"
        case .budgetTotal: "budget_limits.total"
        case .balance: "balance"
        case .tokensDaily: "token_limits.daily"
        case .tokensMonthly: "token_limits.monthly"
        case .tokensTotal: "token_limits.total"
        case .requestsTotal: "request_limits.total"
        }
    }

    /// Why a request is denied that this limit stops.
    package var reason: Reason {
        switch self {
        case .perRequestMax: .requestTooLarge
        case .perSecond, .perMinute, .perHour, .perDay: .rateLimited
        case .tokensPerMinute: .tokenRateLimited
        case .concurrent: .concurrencyLimited
        case .budgetDaily, .budgetWeekly, .budgetMonthly, .budgetTotal: .budgetExceeded
        case .balance: .balanceExhausted
        case .tokensDaily, .tokensMonthly, .tokensTotal: .tokenQuotaExceeded
        case .requestsTotal: .requestQuotaExceeded
        }
    }

    /// When the limit is looked at: size first, then rates, then quotas and budgets.
    package var stage: LimitStage {
        switch self {
        case .perRequestMax: .size
        case .perSecond, .perMinute, .perHour, .perDay, .tokensPerMinute, .concurrent: .rates
        default: .quotas
        }
    }
}

/// The order in which kinds of limits are looked at, at all levels before the next kind.
package enum LimitStage: UInt8, CaseIterable, Sendable {
    case size
    case rates
    case quotas
}

/// Whose limit it is.
///
/// The raw value is what the journal stores.
package enum LimitLevel: UInt8, CaseIterable, Sendable {
    case key = 0
    case user = 1
    case team = 2
    case organization = 3

    /// The word that callers see.
    package var text: StaticString {
        switch self {
        case .key: "key"
        case .user: "user"
        case .team: "team"
        case .organization: "organization"
        }
    }
}
