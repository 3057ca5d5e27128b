/// What was used and what is left, as `UsageDocument` shows it.
enum UsageSchema {
    private static let amounts = JSONSchema.object([
        member("requests", .whole), member("tokens", .whole), member("cost_usd", .number),
    ]).named("Amounts")

    private static let windows = ["hour", "day", "week", "month", "total", "held"].map { name in
        member(name, amounts)
    }

    /// What was used in the windows that are open now.
    static let used = JSONSchema.object(windows).named("Usage")

    /// What is left of every limit, in the blocks in which limits are set.
    static let remaining = JSONSchema.object([
        block(
            "rate_limits",
            ["per_second", "per_minute", "per_hour", "per_day", "tokens_per_minute", "concurrent"]
        ),
        block("budget_limits", ["daily", "weekly", "monthly", "total"]),
        block("token_limits", ["daily", "monthly", "total"]),
        block("request_limits", ["total"]),
        member("balance", .number, isRequired: false),
    ]).named("Remaining")

    /// A limit and what is left of it.
    static let limit = JSONSchema.object([
        member("name", .text), member("level", .text), member("limit", .number),
        member("remaining", .number), member("reset_ms", .whole), member("overdrawn", .flag),
    ]).named("LimitState")

    /// The answer to `GET …/usage`, beside the member that names whose it is.
    static func answer(of field: String) -> JSONSchema {
        .object([member(field, .text)] + windows + [member("limits", .list(of: limit))])
    }

    private static let totals =
        [
            "requests", "denied_requests", "tokens", "input_tokens", "output_tokens",
            "cached_input_tokens",
        ].map { member($0, .whole) } + [member("cost_usd", .number)]

    /// The answer to `GET /v1/usage`.
    static let summary = JSONSchema.object([
        member("since", JSONSchema.time.orNull), member("until", JSONSchema.time.orNull),
        member("total", JSONSchema.object(totals).named("UsageTotals")),
        member(
            "groups",
            .list(
                of: JSONSchema.object(
                    [
                        member("day", .text(format: "date"), isRequired: false),
                        member("team_id", JSONSchema.text.orNull, isRequired: false),
                        member("key_id", .text, isRequired: false),
                        member("model", .text, isRequired: false),
                    ] + totals
                ).named("UsageGroup")
            )
        ),
    ])

    static let parameters: [OperationShape.Parameter] = [
        .init("group_by", .text, "Some of key, model, team and day, with commas between."),
        .init("since", .time, "Not before this time."),
        .init("until", .time, "Before this time."),
        .init("key_id", .text, "Only this key's."),
        .init("model", .text, "Only of this model."),
    ]

    private static func block(_ name: String, _ limits: [String]) -> JSONSchema.Member {
        member(
            name,
            .object(limits.map { member($0, .number, isRequired: false) }),
            isRequired: false
        )
    }

    private static func member(
        _ name: String,
        _ schema: JSONSchema,
        isRequired: Bool = true
    ) -> JSONSchema.Member {
        JSONSchema.Member(name: name, description: "", schema: schema, isRequired: isRequired)
    }
}
