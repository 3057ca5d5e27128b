internal import TollgateCore

/// Limits as the API shows them: what is not limited is not there.
enum LimitDocument {
    /// The blocks of limits, empty ones included.
    static func members(_ limits: LimitSettings) -> [JSONValue.Member] {
        [
            JSONValue.Member("rate_limits", json(limits.rates)),
            JSONValue.Member("budget_limits", json(limits.budgets)),
            JSONValue.Member(
                "token_limits",
                object([
                    ("daily", count(limits.tokens.daily)),
                    ("monthly", count(limits.tokens.monthly)),
                    ("total", count(limits.tokens.total)),
                    ("per_request_max", count(limits.tokens.perRequestMax)),
                ])
            ),
            JSONValue.Member("request_limits", object([("total", count(limits.requests.total))])),
        ]
    }

    private static func json(_ rates: LimitSettings.Rates) -> JSONValue {
        object([
            ("per_second", count(rates.perSecond)),
            ("per_minute", count(rates.perMinute)),
            ("per_hour", count(rates.perHour)),
            ("per_day", count(rates.perDay)),
            ("burst", count(rates.burst)),
            ("tokens_per_minute", count(rates.tokensPerMinute)),
            ("concurrent", count(rates.concurrent)),
            ("strict", rates == LimitSettings.Rates() ? nil : .bool(rates.isStrict)),
        ])
    }

    private static func json(_ budgets: LimitSettings.Budgets) -> JSONValue {
        let isSet = budgets != LimitSettings.Budgets()
        return object([
            ("daily", budgets.daily.map { JSONValue($0) }),
            ("weekly", budgets.weekly.map { JSONValue($0) }),
            ("monthly", budgets.monthly.map { JSONValue($0) }),
            ("total", budgets.total.map { JSONValue($0) }),
            ("currency", isSet ? "USD" : nil),
            ("timezone", isSet ? .string(budgets.timezone) : nil),
        ])
    }

    private static func count(_ count: UInt64?) -> JSONValue? {
        count.map { JSONValue($0) }
    }

    private static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(
            members.compactMap { name, value in value.map { JSONValue.Member(name, $0) } }
        )
    }
}
