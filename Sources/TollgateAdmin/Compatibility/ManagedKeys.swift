internal import TollgateCore

/// `/v1/manage/keys`: keys with one budget and a rate of requests and of tokens.
///
/// `budget_limit` and `budget_period` (daily, monthly or cumulative; monthly when nothing is said)
/// stand for one of `budget_limits`, `rate_limit_rpm` and `rate_limit_tpm` for two of `rate_limits`.
enum ManagedKeys: CompatibleProduct {
    static let path = "/v1/manage/keys"
    static let noun = "ManagedKey"

    static let schema = KeySchema.record(
        "ManagedKey",
        needed: ["name"],
        adding: [
            SchemaField("budget_limit", .positive, .clearable, .orNull, "USD."),
            SchemaField(
                "budget_period",
                .words(Period.allCases.map(\.rawValue)),
                .clearable,
                .orNull,
                "What the budget is for; monthly when it is not said."
            ),
            SchemaField(
                "rate_limit_rpm",
                .whole(LimitFields.rates),
                .clearable,
                .orNull,
                "Requests in a minute."
            ),
            SchemaField(
                "rate_limit_tpm",
                .whole(LimitFields.rates),
                .clearable,
                .orNull,
                "Tokens in a minute."
            ),
        ]
    )

    static let example: JSONValue = [
        "name": "chat-frontend", "budget_limit": 100, "budget_period": "monthly",
        "rate_limit_rpm": 60,
    ]

    private enum Period: String, CaseIterable {
        case monthly
        case daily
        case cumulative

        /// The member of `budget_limits`.
        var field: String { self == .cumulative ? "total" : rawValue }

        func amount(_ budgets: LimitSettings.Budgets) -> Money? {
            switch self {
            case .monthly: budgets.monthly
            case .daily: budgets.daily
            case .cumulative: budgets.total
            }
        }
    }

    static func translated(
        _ document: JSONValue,
        to record: KeyRecord?
    ) throws(APIError) -> JSONValue {
        guard case .object(var members) = document else { return document }
        func take(_ name: String) -> JSONValue? {
            guard let place = members.firstIndex(where: { $0.name == name }) else { return nil }
            return members.remove(at: place).value
        }
        let budget = (limit: take("budget_limit"), period: take("budget_period"))
        var rates: [JSONValue.Member] = []
        if let value = take("rate_limit_rpm") { rates.append(.init("per_minute", value)) }
        if let value = take("rate_limit_tpm") { rates.append(.init("tokens_per_minute", value)) }
        let budgets = try budgetLimits(budget.limit, budget.period, record)
        for (name, block) in [("rate_limits", rates), ("budget_limits", budgets)]
        where !block.isEmpty {
            guard document[name] == nil else {
                throw .contradiction(name, "is another name for what is there already")
            }
            members.append(JSONValue.Member(name, .object(block)))
        }
        return .object(members)
    }

    /// The one budget as a change of all of them; empty when nothing is said of it.
    private static func budgetLimits(
        _ limit: JSONValue?,
        _ period: JSONValue?,
        _ record: KeyRecord?
    ) throws(APIError) -> [JSONValue.Member] {
        if limit == nil, period == nil { return [] }
        let current = record.flatMap { ManagedKeys.period(of: $0) }
        var chosen = current ?? .monthly
        if let period, period != .null {
            guard case .string(let text) = period, let known = Period(rawValue: text) else {
                throw .invalidField("budget_period", "must be daily, monthly or cumulative")
            }
            chosen = known
        }
        let old = record.flatMap { current?.amount($0.limits.budgets) }
        guard let value = limit ?? old.map({ JSONValue($0) }) else {
            // No period of no budget is how such a key is shown.
            if period == .null { return [] }
            throw .invalidField("budget_limit", "is missing")
        }
        // What is not shown as the budget is none of it, and stays.
        let cleared = current == chosen ? nil : current
        return [JSONValue.Member(chosen.field, value)]
            + (cleared.map { [JSONValue.Member($0.field, .null)] } ?? [])
    }

    private static func period(of record: KeyRecord) -> Period? {
        Period.allCases.first { $0.amount(record.limits.budgets) != nil }
    }

    static func members(_ record: KeyRecord) -> [JSONValue.Member] {
        let period = period(of: record)
        let amount = period.flatMap { $0.amount(record.limits.budgets) }
        let rates = record.limits.rates
        return [
            JSONValue.Member("budget_limit", amount.map { JSONValue($0) } ?? .null),
            JSONValue.Member("budget_period", JSONValue(period?.rawValue)),
            JSONValue.Member("rate_limit_rpm", rates.perMinute.map { JSONValue($0) } ?? .null),
            JSONValue.Member(
                "rate_limit_tpm",
                rates.tokensPerMinute.map { JSONValue($0) } ?? .null
            ),
        ]
    }

    static func name(of field: String) -> String? {
        switch field {
        case "budget_limits.daily", "budget_limits.monthly", "budget_limits.total": "budget_limit"
        case "rate_limits.per_minute": "rate_limit_rpm"
        case "rate_limits.tokens_per_minute": "rate_limit_tpm"
        default: nil
        }
    }
}
