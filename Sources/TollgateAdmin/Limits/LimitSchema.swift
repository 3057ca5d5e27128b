internal import TollgateCore

/// The blocks of limits, as `LimitFields` reads them and `LimitDocument` shows them.
enum LimitSchema {
    /// The blocks, which keys and groups have alike.
    static let fields: [SchemaField] = [
        SchemaField("rate_limits", rates),
        SchemaField("budget_limits", budgets),
        SchemaField("token_limits", tokens),
        SchemaField("request_limits", requests),
    ]

    private static let rates = RecordSchema(
        name: "RateLimits",
        fields: [
            limit("per_second", "Requests in a second.", LimitFields.rates),
            limit("per_minute", "Requests in a minute.", LimitFields.rates),
            limit("per_hour", "Requests in an hour by the clock.", LimitFields.atLeastOne),
            limit("per_day", "Requests in a calendar day.", LimitFields.atLeastOne),
            limit("burst", "Requests at once, for per_second and per_minute.", LimitFields.rates),
            limit("tokens_per_minute", "Tokens in a minute.", LimitFields.rates),
            limit("concurrent", "Requests that are open at the same time.", LimitFields.atLeastOne),
            SchemaField(
                "strict",
                .flag,
                .clearable,
                .sometimes,
                "Whether no second or minute ever sees more than the limit."
            ),
        ]
    )

    private static let budgets = RecordSchema(
        name: "BudgetLimits",
        fields: [
            money("daily"), money("weekly"), money("monthly"), money("total"),
            SchemaField("currency", .words(["USD"]), .clearable, .sometimes),
            SchemaField(
                "timezone",
                .text,
                .clearable,
                .sometimes,
                "The IANA name of the zone whose days, weeks and months count."
            ),
        ]
    )

    private static let tokens = RecordSchema(
        name: "TokenLimits",
        fields: [
            limit("daily", "Tokens in a calendar day."),
            limit("monthly", "Tokens in a calendar month."),
            limit("total", "Tokens, ever."),
            limit("per_request_max", "Tokens of one request."),
        ]
    )

    private static let requests = RecordSchema(
        name: "RequestLimits",
        fields: [limit("total", "Requests, ever.")]
    )

    private static func limit(
        _ name: String,
        _ description: String,
        _ range: ClosedRange<Int64> = LimitFields.counts
    ) -> SchemaField {
        SchemaField(name, .whole(range), .clearable, .sometimes, description)
    }

    private static func money(_ name: String) -> SchemaField {
        SchemaField(name, .positive, .clearable, .sometimes, "USD.")
    }
}
