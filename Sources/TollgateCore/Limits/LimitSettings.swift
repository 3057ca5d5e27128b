/// What an administrator limits about one subject: a key, a user, a team or an organisation.
///
/// All of it is optional, and kept as it was written; `LimitRules` is what a decision reads.
package struct LimitSettings: Hashable, Sendable {
    package var rates = Rates()
    package var budgets = Budgets()
    package var tokens = Tokens()
    package var requests = Requests()

    package init() {}

    /// How fast, and how many at once.
    package struct Rates: Hashable, Sendable {
        package var perSecond: UInt64?
        package var perMinute: UInt64?
        package var perHour: UInt64?
        package var perDay: UInt64?
        /// The most requests at once, for the rates for each second and minute; nil for their limit.
        package var burst: UInt64?
        package var tokensPerMinute: UInt64?
        /// The most requests that are open at the same time.
        package var concurrent: UInt64?
        /// Whether no window of a second or a minute ever sees more than the limit.
        package var isStrict = false

        package init() {}
    }

    /// How much money.
    package struct Budgets: Hashable, Sendable {
        package var daily: Money?
        package var weekly: Money?
        package var monthly: Money?
        package var total: Money?
        /// The IANA name of the zone in whose days, weeks and months all of the subject is counted.
        package var timezone = "UTC"

        package init() {}
    }

    /// How many tokens.
    package struct Tokens: Hashable, Sendable {
        package var daily: UInt64?
        package var monthly: UInt64?
        package var total: UInt64?
        package var perRequestMax: UInt64?

        package init() {}
    }

    /// How many requests, ever.
    package struct Requests: Hashable, Sendable {
        package var total: UInt64?

        package init() {}
    }
}
