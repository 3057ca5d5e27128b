internal import TollgateCore

/// What a key may do besides asking for models, with the other names that some fields have there: see
/// `PermissionBounds`.
enum PermissionSchema {
    /// As our own paths show it.
    static let permissions = RecordSchema(name: "Permissions", fields: flags + bounds(.never))

    /// As those of `/v1/api-keys` show it: with the bounds.
    static let withBounds = RecordSchema(
        name: "APIKeyPermissions",
        fields: flags + bounds(.sometimes)
    )

    private static let flags = Permissions.named.map { SchemaField($0.name, .flag) }

    private static func bounds(_ output: SchemaField.Output) -> [SchemaField] {
        let names = JSONSchema.list(of: .text, limit: NameRule.patternLimit)
        let count = JSONSchema.whole(LimitFields.counts)
        let rate = JSONSchema.whole(LimitFields.rates)
        let fields: [(name: String, schema: JSONSchema, other: String)] = [
            ("models", names, "allowed_models"),
            ("actions", names, "allowed_actions"),
            ("max_requests", count, "request_limits.total"),
            ("daily_budget", .positive, "budget_limits.daily"),
            ("monthly_budget", .positive, "budget_limits.monthly"),
            ("rate_limit_per_minute", rate, "rate_limits.per_minute"),
        ]
        return fields.map { name, schema, other in
            SchemaField(name, schema, .clearable, output, "Another name for \(other).")
        }
    }
}
