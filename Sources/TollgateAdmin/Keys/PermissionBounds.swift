internal import TollgateCore
internal import TollgateEngine

/// What some products write under `permissions` and others beside it: `models`, `actions`,
/// `max_requests`, `monthly_budget`, `daily_budget` and `rate_limit_per_minute`.
///
/// They are other names for `allowed_models`, `allowed_actions` and limits, so the same thing cannot
/// be said twice.
enum PermissionBounds {
    /// Takes the members out of an object.
    ///
    /// - Parameters:
    ///   - reader: the object.
    ///   - changes: what else was read, into which they go.
    ///   - old: the limits as they are.
    /// - Throws: a 400, or a 422 when something is there under both its names.
    static func read(
        _ reader: inout ObjectReader,
        into changes: inout RestrictionChanges,
        _ old: LimitSettings
    ) throws(APIError) {
        try read("models", &reader, "allowed_models", &changes.allowedModels)
        try read("actions", &reader, "allowed_actions", &changes.allowedActions)
        var limits = changes.limits ?? old
        let before = limits
        func set<Value: Equatable>(
            _ name: String,
            _ field: Field<Value>,
            _ other: String,
            _ limit: WritableKeyPath<LimitSettings, Value?>
        ) throws(APIError) {
            guard let value = field.orNull else { return }
            let written = limits[keyPath: limit]
            if written != old[keyPath: limit], written != value {
                throw .contradiction("permissions.\(name)", "is another name for \(other)")
            }
            limits[keyPath: limit] = value
        }
        let budgets = (
            daily: try reader.money("daily_budget"), monthly: try reader.money("monthly_budget")
        )
        try set("daily_budget", budgets.daily, "budget_limits.daily", \.budgets.daily)
        try set("monthly_budget", budgets.monthly, "budget_limits.monthly", \.budgets.monthly)
        try set(
            "max_requests",
            try count("max_requests", &reader, in: LimitFields.counts),
            "request_limits.total",
            \.requests.total
        )
        try set(
            "rate_limit_per_minute",
            try count("rate_limit_per_minute", &reader, in: LimitFields.rates),
            "rate_limits.per_minute",
            \.rates.perMinute
        )
        if limits != before { changes.limits = limits }
    }

    private static func read(
        _ name: String,
        _ reader: inout ObjectReader,
        _ other: String,
        _ list: inout [String]?
    ) throws(APIError) {
        guard let texts = try reader.texts(name).or([]) else { return }
        guard list == nil || list == texts else {
            throw .contradiction("permissions.\(name)", "is another name for \(other)")
        }
        list = texts
    }

    private static func count(
        _ name: String,
        _ reader: inout ObjectReader,
        in range: ClosedRange<Int64>
    ) throws(APIError) -> Field<UInt64> {
        switch try reader.whole(name, in: range) {
        case .absent: .absent
        case .null: .null
        case .value(let count): .value(UInt64(count))
        }
    }

    /// The members as they are read back.
    static func members(_ restrictions: Restrictions) -> [JSONValue.Member] {
        let limits = restrictions.limits
        let all: [(String, JSONValue?)] = [
            ("models", JSONValue(restrictions.models.allowed)),
            ("actions", JSONValue(restrictions.actions.allowed)),
            ("max_requests", limits.requests.total.map { JSONValue($0) }),
            ("daily_budget", limits.budgets.daily.map { JSONValue($0) }),
            ("monthly_budget", limits.budgets.monthly.map { JSONValue($0) }),
            ("rate_limit_per_minute", limits.rates.perMinute.map { JSONValue($0) }),
        ]
        return all.compactMap { name, value in value.map { JSONValue.Member(name, $0) } }
    }
}
