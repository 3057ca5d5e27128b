internal import TollgateCore

/// A key or group as the naive model knows it.
struct NaiveSubject {
    /// How a limit counts.
    enum Kind {
        case request
        case bucket(NaiveBucket.Pace, Metered)
        case window(CalendarPeriod, Metered)
        case open
    }

    /// A limit that is exceeded, and in which window.
    struct Excess: Hashable {
        let name: LimitName
        let window: Int
    }

    struct Limit {
        let name: LimitName
        let amount: Int64
        let kind: Kind
        /// 0 for size, 1 for rates, 2 for quotas.
        let stage: Int
        let reason: Reason
    }

    let level: LimitLevel
    var settings = LimitSettings()
    var credits: Money?
    var isEnabled = true
    var buckets: [LimitName: NaiveBucket] = [:]
    /// The latest window of each period that was ever looked at.
    var opened: [CalendarPeriod: Int] = [:]
    /// Where limits may be exceeded: they were lowered, only monitored, or usage beyond what was
    /// reserved was reported.
    var excused: Set<Excess> = []

    var zone: String { settings.budgets.timezone }

    /// What is limited, in the order in which it is promised to be looked at.
    var limits: [Limit] {
        var limits: [Limit] = []
        func add(_ name: LimitName, _ amount: UInt64?, _ stage: Int, _ reason: Reason, _ kind: Kind)
        {
            guard let amount else { return }
            limits.append(
                Limit(name: name, amount: Int64(amount), kind: kind, stage: stage, reason: reason)
            )
        }
        func pace(_ limit: UInt64?, _ seconds: UInt64, _ burst: UInt64?) -> NaiveBucket.Pace {
            NaiveBucket.Pace(
                limit: limit ?? 1,
                period: seconds * 1_000_000_000,
                burst: burst,
                isStrict: settings.rates.isStrict
            )
        }
        let tokens = settings.tokens
        let rates = settings.rates
        let budgets = settings.budgets
        func nanos(_ money: Money?) -> UInt64? { money.map { UInt64($0.nanos) } }
        add(.perRequestMax, tokens.perRequestMax, 0, .requestTooLarge, .request)
        let second = pace(rates.perSecond, 1, rates.burst)
        add(.perSecond, rates.perSecond, 1, .rateLimited, .bucket(second, .requests))
        let minute = pace(rates.perMinute, 60, rates.burst)
        add(.perMinute, rates.perMinute, 1, .rateLimited, .bucket(minute, .requests))
        add(.perHour, rates.perHour, 1, .rateLimited, .window(.hour, .requests))
        add(.perDay, rates.perDay, 1, .rateLimited, .window(.day, .requests))
        let flow = pace(rates.tokensPerMinute, 60, nil)
        add(.tokensPerMinute, rates.tokensPerMinute, 1, .tokenRateLimited, .bucket(flow, .tokens))
        add(.concurrent, rates.concurrent, 1, .concurrencyLimited, .open)
        add(.budgetDaily, nanos(budgets.daily), 2, .budgetExceeded, .window(.day, .cost))
        add(.budgetWeekly, nanos(budgets.weekly), 2, .budgetExceeded, .window(.week, .cost))
        add(.budgetMonthly, nanos(budgets.monthly), 2, .budgetExceeded, .window(.month, .cost))
        add(.budgetTotal, nanos(budgets.total), 2, .budgetExceeded, .window(.total, .cost))
        add(.balance, nanos(credits), 2, .balanceExhausted, .window(.total, .cost))
        add(.tokensDaily, tokens.daily, 2, .tokenQuotaExceeded, .window(.day, .tokens))
        add(.tokensMonthly, tokens.monthly, 2, .tokenQuotaExceeded, .window(.month, .tokens))
        add(.tokensTotal, tokens.total, 2, .tokenQuotaExceeded, .window(.total, .tokens))
        let requests = settings.requests.total
        add(.requestsTotal, requests, 2, .requestQuotaExceeded, .window(.total, .requests))
        return limits
    }

    /// The bucket of a limit, as it counts for a pace.
    func bucket(_ name: LimitName, _ pace: NaiveBucket.Pace) -> NaiveBucket {
        buckets[name]?.with(pace) ?? NaiveBucket(full: pace)
    }

    /// Whether money is limited.
    var countsCost: Bool {
        limits.contains { limit in
            if case .window(_, .cost) = limit.kind { return true }
            return false
        }
    }
}
