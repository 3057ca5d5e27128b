internal import TollgateCore
internal import TollgateEngine

/// Organisations, teams and users, as `GroupFields` reads them and `GroupDocument` shows them.
enum GroupSchema {
    /// One kind of groups.
    static func record(_ kind: GroupKind) -> RecordSchema {
        RecordSchema(
            name: name(of: kind),
            fields: identity + belonging(kind) + RestrictionSchema.fields + state(kind),
            needed: kind == .organization ? [] : ["organization_id"]
        )
    }

    /// The name of one: `Organization`.
    static func name(of kind: GroupKind) -> String {
        kind.noun.prefix(1).uppercased() + kind.noun.dropFirst()
    }

    private static let identity: [SchemaField] = [
        SchemaField(
            "id",
            .text(1...GroupID.nameLimit),
            .onCreation,
            .always,
            "Letters, digits and _ - . :, for good; one is made when it is not said."
        ),
        SchemaField("name", .text(1...200), .filled, .always),
        SchemaField("description", .text(0...2000)),
        SchemaField(
            "status",
            in: .words(["enabled", "disabled"]),
            out: .words(GroupStatus.allCases.map(\.rawValue)),
            .filled,
            .always
        ),
    ]

    private static func belonging(_ kind: GroupKind) -> [SchemaField] {
        var fields: [SchemaField] = []
        if kind != .organization {
            fields.append(SchemaField("organization_id", .text, .filled, .orNull, "For good."))
        }
        if kind == .user { fields.append(SchemaField("team_id", .text, .clearable, .orNull)) }
        return fields
    }

    private static func state(_ kind: GroupKind) -> [SchemaField] {
        var fields = [
            KeySchema.metadata,
            SchemaField("created_at", .time, .never, .always),
            SchemaField("updated_at", .time, .never, .always),
            SchemaField("version", .whole, .never, .always, "What the entity tag holds."),
            SchemaField("usage", UsageSchema.used, .never, .sometimes),
            SchemaField("remaining", UsageSchema.remaining, .never, .sometimes),
        ]
        if kind == .organization {
            fields.append(
                SchemaField("credits", .number, .never, .orNull, "Paid in advance, in USD.")
            )
        }
        return fields
    }
}
