/// The limits of one subject as a decision reads them: compiled once, never changed afterwards.
package final class LimitRules: Sendable {
    /// The limits, in the order in which they are looked at; within the object, so that looking at
    /// them on each request counts no references.
    private let places: [16 of Limit]
    /// How many limits there are.
    package let count: Int
    /// By `RateSlot.rawValue`; kept apart, so that a limit is small.
    private let rates: [3 of Rate?]
    /// The zone in whose days, weeks and months the subject is counted.
    package let zone: ZoneRules
    /// Whether any limit counts money, so that a model must have a price.
    package let countsCost: Bool
    /// Whether any limit counts tokens or money, so that the length of a prompt must be known.
    package let countsSize: Bool

    /// No limits, in UTC.
    package static let none = LimitRules(LimitBuilder(), zone: .utc)

    private init(_ builder: LimitBuilder, zone: ZoneRules) {
        let limits = builder.limits
        precondition(limits.count <= LimitName.allCases.count)
        count = limits.count
        places = [16 of Limit] { limits.indices.contains($0) ? limits[$0] : .none }
        rates = builder.rates
        self.zone = zone
        countsCost = limits.contains { $0.metered == .cost }
        countsSize = limits.contains { $0.metered == .cost || $0.metered == .tokens }
    }

    /// The limit in a place, the first that is looked at in the first.
    @inline(__always)
    package subscript(place: Int) -> Limit { places[place] }

    /// All of them, for those who have time.
    package var limits: [Limit] { (0..<count).map { places[$0] } }

    /// The rate at which an allowance refills; nil when it is not limited.
    @inline(__always)
    package func rate(_ slot: RateSlot) -> Rate? { rates[Int(slot.rawValue)] }

    /// Compiles what was set.
    ///
    /// - Parameters:
    ///   - settings: what an administrator wrote.
    ///   - credits: all that was ever paid in, for an organisation that pays in advance.
    ///   - zones: where the time zone is found.
    /// - Throws: the first value that cannot be.
    package convenience init(
        _ settings: LimitSettings,
        credits: Money? = nil,
        zones: ZoneCatalogue
    ) throws(LimitProblem) {
        guard let zone = zones.zone(named: settings.budgets.timezone) else {
            throw LimitProblem(field: "budget_limits.timezone", "is not a known time zone")
        }
        var builder = LimitBuilder()
        try builder.add(settings.tokens.perRequestMax, .perRequestMax, .tokens, .request)
        try builder.add(settings.rates)
        let budgets = settings.budgets
        try builder.add(budgets.daily, .budgetDaily, .day)
        try builder.add(budgets.weekly, .budgetWeekly, .week)
        try builder.add(budgets.monthly, .budgetMonthly, .month)
        try builder.add(budgets.total, .budgetTotal, .total)
        try builder.add(credits, .balance, .total)
        try builder.add(settings.tokens.daily, .tokensDaily, .tokens, .calendar(.day))
        try builder.add(settings.tokens.monthly, .tokensMonthly, .tokens, .calendar(.month))
        try builder.add(settings.tokens.total, .tokensTotal, .tokens, .calendar(.total))
        try builder.add(settings.requests.total, .requestsTotal, .requests, .calendar(.total))
        self.init(builder, zone: zone)
    }
}

/// A limit that cannot be.
package struct LimitProblem: Error, Equatable, Sendable {
    /// The path of the field.
    package let field: String
    /// What is wrong with its value.
    package let message: String

    init(field: String, _ message: String) {
        self.field = field
        self.message = message
    }
}

private struct LimitBuilder {
    var limits: [Limit] = []
    var rates = [3 of Rate?](repeating: nil)

    mutating func add(_ rates: LimitSettings.Rates) throws(LimitProblem) {
        if rates.burst == 0 { throw problem("rate_limits.burst", "must be at least 1") }
        let hasSmooth = rates.perSecond != nil || rates.perMinute != nil
        if rates.burst != nil, !hasSmooth {
            throw problem("rate_limits.burst", "needs per_second or per_minute")
        }
        try add(rates.perSecond, .perSecond, .requestsPerSecond, rates.burst, rates.isStrict)
        try add(rates.perMinute, .perMinute, .requestsPerMinute, rates.burst, rates.isStrict)
        try addAtLeastOne(rates.perHour, .perHour, .calendar(.hour))
        try addAtLeastOne(rates.perDay, .perDay, .calendar(.day))
        try add(rates.tokensPerMinute, .tokensPerMinute, .tokensPerMinute, nil, rates.isStrict)
        try addAtLeastOne(rates.concurrent, .concurrent, .open)
    }

    mutating func add(
        _ limit: UInt64?,
        _ name: LimitName,
        _ slot: RateSlot,
        _ burst: UInt64?,
        _ isStrict: Bool
    ) throws(LimitProblem) {
        guard let limit else { return }
        guard limit >= 1, limit <= Rate.highest else {
            throw problem("\(name.text)", "must be 1 to \(Rate.highest)")
        }
        let rate = Rate(limit: limit, period: slot.period, burst: burst, isStrict: isStrict)
        guard let rate else {
            throw problem(
                "rate_limits.burst",
                isStrict
                    ? "must not exceed \(name.text) when strict"
                    : "must be 1 to \(Rate.highest)"
            )
        }
        rates[Int(slot.rawValue)] = rate
        limits.append(
            Limit(name: name, metered: slot.metered, window: .rate(slot), amount: Int64(limit))
        )
    }

    mutating func addAtLeastOne(
        _ amount: UInt64?,
        _ name: LimitName,
        _ window: Limit.Window
    ) throws(LimitProblem) {
        if amount == 0 { throw problem("\(name.text)", "must be at least 1") }
        try add(amount, name, window == .open ? .holds : .requests, window)
    }

    mutating func add(
        _ amount: UInt64?,
        _ name: LimitName,
        _ metered: Metered,
        _ window: Limit.Window
    ) throws(LimitProblem) {
        guard let amount else { return }
        guard let value = Int64(exactly: amount), value <= Limit.highest else {
            throw problem("\(name.text)", "must be at most \(Limit.highest)")
        }
        limits.append(Limit(name: name, metered: metered, window: window, amount: value))
    }

    mutating func add(
        _ money: Money?,
        _ name: LimitName,
        _ period: CalendarPeriod
    ) throws(LimitProblem) {
        guard let money else { return }
        guard money >= .zero else { throw problem("\(name.text)", "must not be negative") }
        try add(UInt64(money.nanos), name, .cost, .calendar(period))
    }

    private func problem(_ field: String, _ message: String) -> LimitProblem {
        LimitProblem(field: field, message)
    }
}
