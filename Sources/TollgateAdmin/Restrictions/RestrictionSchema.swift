internal import TollgateCore

/// What a key or a group restricts, as `RestrictionFields` reads it and `RestrictionDocument` shows
/// it.
enum RestrictionSchema {
    static let fields = expiry + lists + rules + LimitSchema.fields

    private static let expiry: [SchemaField] = [
        SchemaField("expires_at", .time, .clearable, .orNull),
        SchemaField(
            "expires_in",
            .whole(1...3_155_760_000),
            .clearable,
            .never,
            "Seconds from now on, in place of expires_at."
        ),
    ]

    private static let lists: [SchemaField] =
        ["models", "providers", "suppliers", "regions", "actions"].flatMap { name in
            [
                SchemaField(
                    "allowed_\(name)",
                    .list(of: .text, limit: NameRule.patternLimit),
                    .clearable,
                    .always,
                    "Names, in which * stands for anything; empty: no restriction."
                ),
                SchemaField(
                    "denied_\(name)",
                    .list(of: .text, limit: NameRule.patternLimit),
                    .clearable,
                    .always,
                    "Names, in which * stands for anything; a denial wins."
                ),
            ]
        }

    private static let rules: [SchemaField] = [
        SchemaField(
            "ip_allowlist",
            RecordSchema(
                name: "IPAllowlist",
                fields: [
                    SchemaField("enabled", .flag),
                    SchemaField(
                        "addresses",
                        .list(of: .text, limit: IPAllowlist.addressLimit),
                        .clearable,
                        .always,
                        "Addresses, and networks in CIDR form."
                    ),
                ]
            )
        ),
        SchemaField("pricing", PolicySchema.pricing, .orNull),
        SchemaField("policy", PolicySchema.document, .clearable, .orNull),
        SchemaField("iam_rules", PolicySchema.rules),
    ]
}
