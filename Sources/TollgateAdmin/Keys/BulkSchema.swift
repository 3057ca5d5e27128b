/// What requests about many keys say and are answered: see `BulkKeys` and `ImportKeys`.
enum BulkSchema {
    /// The most keys of one request.
    static let limit = 1000

    /// A span as `ObjectReader.duration` reads it.
    static let span = JSONSchema.any(of: [
        .text(2...10, pattern: "^[0-9]+[smhd]$"), .whole(0...2_592_000),
    ])

    /// A key that clients already have.
    static let imported = KeySchema.record(
        "ImportedKey",
        needed: ["name"],
        adding: [
            SchemaField(
                "sha256",
                .text(pattern: "^[0-9A-Fa-f]{64}$"),
                .clearable,
                .never,
                "That of the secret, in hexadecimal, in place of api_key."
            )
        ]
    ) { field in
        guard field.name == "api_key" else { return field }
        return SchemaField("api_key", .text, .clearable, .never, "The secret; or sha256 is there.")
    }

    /// What became of each key of a bulk request.
    static let answer = JSONSchema.object([
        member(
            "results",
            .list(
                of: JSONSchema.object(
                    [
                        member("id", .text),
                        member("status", .text, isRequired: false),
                        member("api_key", .text, isRequired: false, "Only of a rotation."),
                    ] + outcome
                ).named("BulkResult")
            )
        ),
        member("succeeded", .whole), member("failed", .whole),
    ])

    /// What became of each key of an import.
    static let importAnswer = JSONSchema.object([
        member(
            "results",
            .list(
                of: JSONSchema.object(
                    [
                        member("index", .whole, "Its place in the request, from 0 on."),
                        member("id", .text, isRequired: false),
                        member("masked_key", JSONSchema.text.orNull, isRequired: false),
                    ] + outcome
                ).named("ImportResult")
            )
        ),
        member("imported", .whole), member("failed", .whole),
    ])

    private static let outcome = [
        member("ok", .flag), member("error", ErrorSchema.problem, isRequired: false),
        member(
            "http_status",
            .whole,
            isRequired: false,
            "What the key alone would have been refused with."
        ),
    ]

    private static func member(
        _ name: String,
        _ schema: JSONSchema,
        isRequired: Bool = true,
        _ description: String = ""
    ) -> JSONSchema.Member {
        JSONSchema.Member(
            name: name,
            description: description,
            schema: schema,
            isRequired: isRequired
        )
    }
}
