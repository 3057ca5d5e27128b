internal import TollgateCore
internal import TollgateEngine

/// A key, as `KeyFields` reads it and `KeyDocument` shows it.
enum KeySchema {
    static let key = record("Key", needed: ["name"])

    /// A key that ends by itself, as it is created; it is shown as any other.
    static let temporary = record("TemporaryKey") { field in
        guard field.name == "key_type" else { return field }
        return SchemaField("key_type", .words([KeyType.temporary.rawValue]), .filled, .orNull)
    }

    /// The body of a creation, to try it with.
    static let example: JSONValue = [
        "name": "chat-frontend", "allowed_models": .array(["gpt-4o*"]),
        "budget_limits": ["monthly": 100], "rate_limits": ["per_minute": 60],
    ]

    /// A key as some path has it.
    ///
    /// - Parameters:
    ///   - name: what it is called there.
    ///   - needed: the fields without which none is created.
    ///   - additions: the fields that it has besides.
    ///   - change: what becomes of each field of a key there.
    /// - Returns: the record.
    static func record(
        _ name: String,
        needed: [String] = [],
        adding additions: [SchemaField] = [],
        _ change: (SchemaField) -> SchemaField = { $0 }
    ) -> RecordSchema {
        RecordSchema(name: name, fields: fields.map(change) + additions, needed: needed)
    }

    private static let fields =
        identity + belonging + rules + RestrictionSchema.fields + NoticeSchema.fields + state

    private static let identity: [SchemaField] = [
        SchemaField("id", .text, .never, .always),
        SchemaField(
            "api_key",
            .text,
            .never,
            .sometimes,
            "The secret; only in the answer to the request that made it."
        ),
        SchemaField("name", .text(1...200), .filled, .always),
        SchemaField("description", .text(0...2000)),
        SchemaField("masked_key", .text, .never, .orNull, "As much of the secret as may be shown."),
        SchemaField(
            "previous_key_valid_until",
            .time,
            .never,
            .orNull,
            "Until when the secret before the last rotation works."
        ),
        SchemaField(
            "status",
            in: .words(["enabled", "disabled"]),
            out: .words(KeyStatus.allCases.map(\.name)),
            .filled,
            .always
        ),
    ]

    private static let belonging: [SchemaField] = [
        SchemaField("key_type", .words(KeyType.allCases.map(\.rawValue)), .filled, .orNull),
        SchemaField(
            "organization_id",
            .text,
            .clearable,
            .orNull,
            "A key that moves leaves the team and the user behind that are not named with it."
        ),
        SchemaField("team_id", .text, .clearable, .orNull, "A team brings its organization."),
        SchemaField(
            "user_id",
            .text,
            .clearable,
            .orNull,
            "A user brings the organization, and the team, if any."
        ),
        SchemaField("environment", .text(1...16, pattern: "^[a-z0-9]+$"), .filled, .always),
        SchemaField("group", .text(0...100), .clearable, .always, "A label of your own."),
        SchemaField(
            "session_id",
            .text(1...128),
            .filled,
            .orNull,
            "The session with which the key ends."
        ),
    ]

    private static let rules: [SchemaField] = [
        SchemaField(
            "access",
            .words(AccessLevel.allCases.map(\.name)),
            .clearable,
            .always,
            "full: no lists, rules and policy; read_only: nothing but listing the models."
        ),
        SchemaField("permissions", PermissionSchema.permissions),
        SchemaField("enforcement", .words(Enforcement.allCases.map(\.name))),
        SchemaField(
            "unsettled",
            .words(UnsettledPolicy.allCases.map(\.name)),
            .clearable,
            .always,
            "What a request costs that is never settled."
        ),
    ]

    private static let state: [SchemaField] = [
        metadata,
        SchemaField("created_at", .time, .never, .always),
        SchemaField("updated_at", .time, .never, .always),
        SchemaField("created_by", .text, .never, .orNull),
        SchemaField("version", .whole, .never, .always, "What the entity tag holds."),
        SchemaField(
            "last_used_at",
            .time.orNull,
            .never,
            .sometimes,
            "When a request was last allowed with it, to the millisecond; where keys are read."
        ),
        SchemaField("usage", UsageSchema.used, .never, .sometimes),
        SchemaField("remaining", UsageSchema.remaining, .never, .sometimes),
    ]

    /// Texts of the caller's own, of which null takes one away.
    static let metadata = SchemaField(
        "metadata",
        in: .map(of: JSONSchema.text.orNull),
        out: .map(of: .text)
    )
}
