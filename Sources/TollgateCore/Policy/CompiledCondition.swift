/// One condition of a statement, compiled; those on names belong to its resources.
enum CompiledCondition: Sendable {
    case timeBetween(DailyHours)
    case dateBetween(DateRange)
    case budget(BudgetPeriod, BudgetSide, Money)
    case ipIn([IPNetwork])
    case tokensUnder(UInt64)
    case regionIn([Pattern])

    /// How many entries the condition's list has.
    var entryCount: Int {
        switch self {
        case .ipIn(let networks): networks.count
        case .regionIn(let patterns): patterns.count
        case .timeBetween, .dateBetween, .budget, .tokensUnder: 0
        }
    }

    /// Whether it asks what was spent.
    var isAboutSpending: Bool {
        if case .budget = self { return true }
        return false
    }

    /// Whether the condition holds.
    func holds(_ request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> Truth {
        switch self {
        case .timeBetween(let hours): return Truth(hours.contains(inquiry.facts.now))
        case .dateBetween(let range): return Truth(range.contains(inquiry.facts.now))
        case .budget(let period, .under, let amount):
            return Truth(period.spent(inquiry.facts) < amount)
        case .budget(let period, .over, let amount):
            return Truth(period.spent(inquiry.facts) >= amount)
        case .ipIn(let networks):
            guard let address = request.clientIP else { return .unknown }
            for index in networks.indices where networks[index].contains(address) { return .yes }
            return .no
        case .tokensUnder(let count):
            return request.hasUnknownPrompt ? .unknown : Truth(request.mostTokens < count)
        case .regionIn(let patterns): return request.isNamed(.region, patterns, inquiry)
        }
    }
}

/// Which spending a condition is about.
enum BudgetPeriod: CaseIterable {
    case daily
    case monthly
    case total

    var name: String {
        switch self {
        case .daily: "daily"
        case .monthly: "monthly"
        case .total: "total"
        }
    }

    func spent(_ facts: PolicyFacts) -> Money {
        switch self {
        case .daily: facts.dailySpent
        case .monthly: facts.monthlySpent
        case .total: facts.totalSpent
        }
    }

    func bounds(_ condition: PolicyCondition) -> BudgetBounds {
        switch self {
        case .daily: condition.dailyBudget
        case .monthly: condition.monthlyBudget
        case .total: condition.totalBudget
        }
    }
}

/// On which side of an amount spending must be.
enum BudgetSide: String {
    case under
    case over
}

extension [CompiledCondition] {
    /// Compiles the conditions, but for those on names.
    ///
    /// Those that cost least to judge come first.
    init(_ condition: PolicyCondition, _ zones: ZoneCatalogue) throws(PolicyProblem) {
        self.init()
        if let count = condition.tokensUnder {
            guard count > 0 else { throw PolicyProblem("tokens_under", "must be more than 0") }
            append(.tokensUnder(count))
        }
        for period in BudgetPeriod.allCases {
            try append(period, period.bounds(condition))
        }
        if let dates = condition.dateBetween {
            append(
                try PolicyProblem.at("date_between") { () throws(PolicyProblem) in
                    .dateBetween(try DateRange(dates, zones))
                }
            )
        }
        if let networks = condition.ipIn {
            append(
                try PolicyProblem.at("ip_in") { () throws(PolicyProblem) in
                    .ipIn(try PolicyBounds.networks(networks))
                }
            )
        }
        if let regions = condition.regionIn {
            append(
                try PolicyProblem.at("region_in") { () throws(PolicyProblem) in
                    .regionIn(try PolicyBounds.patterns(regions))
                }
            )
        }
        if let hours = condition.timeBetween {
            append(
                try PolicyProblem.at("time_between") { () throws(PolicyProblem) in
                    .timeBetween(try DailyHours(hours, zones))
                }
            )
        }
    }

    private mutating func append(
        _ period: BudgetPeriod,
        _ bounds: BudgetBounds
    ) throws(PolicyProblem) {
        if let amount = bounds.under {
            guard amount > .zero else {
                throw PolicyProblem("\(period.name)_budget_under", "must be more than 0")
            }
            append(.budget(period, .under, amount))
        }
        if let amount = bounds.over {
            let field = "\(period.name)_budget_over"
            guard amount >= .zero else { throw PolicyProblem(field, "must not be negative") }
            guard amount < bounds.under ?? Money(nanos: .max) else {
                let message = "must be less than \(period.name)_budget_under"
                throw PolicyProblem(field, message)
            }
            append(.budget(period, .over, amount))
        }
    }
}
