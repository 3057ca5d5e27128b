/// When a statement holds: every condition that is there must; none at all always does.
package struct PolicyCondition: Equatable, Sendable {
    /// The name that a resource of the statement is about must be one of these.
    ///
    /// For `provider:*` that is the request's provider, for `model:gpt-*` its model. A resource `*`
    /// is about no name, hence a statement with one cannot have this condition.
    package var isIn: [String]?
    /// The name that a resource of the statement is about must be none of these; see `isIn`.
    package var notIn: [String]?
    package var timeBetween: TimeBetween?
    package var dateBetween: DateBetween?
    package var dailyBudget = BudgetBounds()
    package var monthlyBudget = BudgetBounds()
    package var totalBudget = BudgetBounds()
    /// Addresses and networks, one of which the client must be in.
    package var ipIn: [String]?
    /// The request must ask for fewer tokens than this.
    package var tokensUnder: UInt64?
    /// Patterns, one of which the region must match.
    package var regionIn: [String]?

    package init() {}
}

/// A time of day, each day or on some, by the clocks of one zone.
package struct TimeBetween: Equatable, Sendable {
    /// `09:00` or `09:00:00`.
    package var start: String
    /// The first moment that is no longer part of it; `24:00` is the end of the day.
    ///
    /// Before `start`, it is on the next day.
    package var end: String
    /// The name of a time zone.
    package var timezone: String
    /// The days on which it starts, `mon` or `monday`; nil for all.
    package var days: [String]?

    package init(start: String, end: String, timezone: String, days: [String]? = nil) {
        self.start = start
        self.end = end
        self.timezone = timezone
        self.days = days
    }
}

/// A time between two dates.
package struct DateBetween: Equatable, Sendable {
    /// A day, `2030-01-31`, or a time as RFC 3339 writes it.
    package var start: String
    /// A day, all of which is part of it, or the first time that is no longer.
    package var end: String
    /// The name of the zone in whose days days are meant; nil for UTC.
    package var timezone: String?

    package init(start: String, end: String, timezone: String? = nil) {
        self.start = start
        self.end = end
        self.timezone = timezone
    }
}

/// Between which amounts what a key has spent must be.
package struct BudgetBounds: Equatable, Sendable {
    /// Less than this must be spent.
    package var under: Money?
    /// At least this must be spent: where one statement's `under` ends, another's `over` begins.
    package var over: Money?

    package init(under: Money? = nil, over: Money? = nil) {
        self.under = under
        self.over = over
    }
}
