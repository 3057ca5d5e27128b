internal import TollgateCore
internal import TollgateEngine

/// A webhook, as `WebhookFields` reads it and `WebhookDocument` shows it.
enum WebhookSchema {
    static let webhook = RecordSchema(
        name: "Webhook",
        fields: [
            SchemaField("id", .text, .never, .always),
            SchemaField(
                "secret",
                .text(16...1024),
                .clearable,
                .sometimes,
                """
                What deliveries are signed with: whsec_ and base64 of 24 to 64 bytes, or other visible \
                characters. One is made when it is not said; null makes another. Shown once.
                """
            ),
            SchemaField(
                "url",
                .text(1...512, format: "uri"),
                .filled,
                .always,
                "http or https, without user and fragment."
            ),
            SchemaField(
                "events",
                .list(of: .words(WebhookFields.names)),
                .clearable,
                .always,
                "Empty: all of them."
            ),
            SchemaField("enabled", .flag),
            SchemaField(
                "disabled_reason",
                .words(["gone"]),
                .never,
                .orNull,
                "gone: the receiver has answered 410."
            ),
            SchemaField("description", .text(0...1024)),
            SchemaField(
                "organization_id",
                .text(1...GroupID.nameLimit),
                .clearable,
                .orNull,
                "Only what concerns its keys; null: all."
            ),
            SchemaField(
                "team_id",
                .text(1...GroupID.nameLimit),
                .clearable,
                .orNull,
                "Only what concerns its keys; null: all."
            ),
            SchemaField("version", .whole, .never, .always, "What the entity tag holds."),
            SchemaField("created_at", .time, .never, .always),
            SchemaField("updated_at", .time, .never, .always),
        ],
        needed: ["url"]
    )

    static let example: JSONValue = [
        "url": "https://hooks.example.com/tollgate",
        "events": .array(["key.limit_exceeded", "key.budget_threshold"]),
    ]

    /// An attempt to deliver a notice.
    static let attempt = JSONSchema.object([
        .init(name: "time", description: "", schema: .time, isRequired: true),
        .init(
            name: "event_id",
            description: "What webhook-id says.",
            schema: .text,
            isRequired: true
        ),
        .init(
            name: "type",
            description: "",
            schema: .words(WebhookEvent.allCases.map(\.rawValue)),
            isRequired: true
        ),
        .init(name: "attempt", description: "From 1.", schema: .whole, isRequired: true),
        .init(
            name: "outcome",
            description: "",
            schema: .words(DeliveryAttempt.Outcome.allCases.map(\.text)),
            isRequired: true
        ),
        .init(
            name: "status",
            description: "Of the answer; null when there was none.",
            schema: JSONSchema.whole.orNull,
            isRequired: true
        ),
        .init(name: "error", description: "", schema: JSONSchema.text.orNull, isRequired: true),
        .init(
            name: "next_attempt_at",
            description: "Null when it is not tried again.",
            schema: JSONSchema.time.orNull,
            isRequired: true
        ),
    ]).named("DeliveryAttempt")

    /// The events that are alerts.
    static let alertNames = WebhookEvent.allCases.filter(\.isAlert).map(\.rawValue)

    /// A notice that needs somebody's attention.
    static let alert = JSONSchema.object([
        .init(name: "id", description: "", schema: .text, isRequired: true),
        .init(name: "type", description: "", schema: .words(alertNames), isRequired: true),
        .init(name: "created_at", description: "", schema: .time, isRequired: true),
        .init(name: "key_id", description: "", schema: JSONSchema.text.orNull, isRequired: true),
        .init(
            name: "organization_id",
            description: "",
            schema: JSONSchema.text.orNull,
            isRequired: true
        ),
        .init(name: "team_id", description: "", schema: JSONSchema.text.orNull, isRequired: true),
        .init(
            name: "data",
            description: "What the webhooks are sent.",
            schema: .anyObject,
            isRequired: true
        ),
    ]).named("Alert")
}
