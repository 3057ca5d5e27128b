internal import TollgateCore

/// What an administrator wants to hear about a key, as `NoticeFields` reads it and `NoticeDocument`
/// shows it.
enum NoticeSchema {
    static let fields: [SchemaField] = [
        field("budget_alerts", budgetAlerts),
        field("alerts", alerts),
        field("webhooks", webhooks),
        SchemaField(
            "content_rules",
            in: .list(of: contentRule.creation, limit: KeyNotices.entryLimit),
            out: .list(of: contentRule.answer),
            .clearable,
            .always,
            "Replaced as a whole. What is looked for in the texts of requests."
        ),
        field("anomaly", anomaly),
    ]

    private static let text = JSONSchema.text(0...KeyNotices.textLimit)
    private static let action = JSONSchema.words(["alert", "block"])
    private static let percentages = JSONSchema.list(
        of: .whole(1...100),
        limit: KeyNotices.entryLimit
    )

    private static let budgetAlerts = RecordSchema(
        name: "BudgetAlerts",
        fields: [
            SchemaField("thresholds", percentages, .clearable, .always, "Percent of a budget."),
            SchemaField(
                "notify_email",
                .text(0...KeyNotices.textLimit, pattern: "@"),
                .clearable,
                .orNull,
                "For who receives the webhooks: this server sends no mail."
            ),
        ]
    )

    private static let alerts = RecordSchema(
        name: "Alerts",
        fields: [
            SchemaField(
                "budget_threshold",
                percentages,
                .clearable,
                .always,
                "Percent of a budget."
            ),
            SchemaField("rate_limit_percentage", .whole(1...100), .clearable, .orNull),
            SchemaField("failed_auth_threshold", .whole(1...1_000_000), .clearable, .orNull),
            SchemaField(
                "unusual_patterns",
                .flag,
                .clearable,
                .always,
                "Tells of what is unusual, as anomaly does by default."
            ),
        ]
    )

    private static let webhooks = RecordSchema(
        name: "Webhooks",
        fields: [
            SchemaField("enabled", .flag, .clearable, .always, "As long as it is not false."),
            SchemaField(
                "url",
                .text(0...KeyNotices.textLimit, pattern: "^https?://"),
                .clearable,
                .orNull,
                "Needed unless enabled is false."
            ),
            SchemaField(
                "events",
                .list(of: .words(WebhookFields.names), limit: KeyNotices.entryLimit),
                .clearable,
                .always,
                "Empty: all of them."
            ),
            SchemaField(
                "secret",
                .text(1...KeyNotices.textLimit),
                .clearable,
                .never,
                "What deliveries are signed with. Never shown."
            ),
            SchemaField(
                "has_secret",
                .flag,
                .clearable,
                .always,
                "Whether there is a secret. May be sent back as it was read."
            ),
        ]
    )

    private static let contentRule = RecordSchema(
        name: "ContentRule",
        fields: [
            SchemaField("name", text),
            SchemaField(
                "pattern",
                .text(1...KeyNotices.textLimit),
                .filled,
                .always,
                "A regular expression without look-around and back-references."
            ),
            SchemaField("action", action, .clearable, .always, "block when it is not said."),
        ],
        needed: ["pattern"]
    )

    private static let anomaly = RecordSchema(
        name: "Anomaly",
        fields: [
            SchemaField("enabled", .flag, .clearable, .always, "As long as it is not false."),
            SchemaField("action", action, .clearable, .always, "alert when it is not said."),
            SchemaField(
                "factor",
                .whole(KeyNotices.Anomaly.factors),
                .clearable,
                .always,
                "How many usual hours together may be used in one; 10 when it is not said."
            ),
        ]
    )

    private static func field(_ name: String, _ record: RecordSchema) -> SchemaField {
        SchemaField(name, record, .orNull, "A change merges; null takes it away.")
    }
}
