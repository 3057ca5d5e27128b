internal import TollgateCore
internal import TollgateEngine

/// A supplier, as `SupplierFields` reads it and `SupplierDocument` shows it.
enum SupplierSchema {
    static let supplier = RecordSchema(
        name: "Supplier",
        fields: [
            SchemaField(
                "name",
                .text(1...GroupID.nameLimit),
                .onCreation,
                .always,
                "As requests and models name it: letters, digits and _ - . :"
            ),
            SchemaField("provider", .text(1...128), .filled, .always),
            SchemaField("region", .text(0...128)),
            SchemaField(
                "base_url",
                .text(1...512, format: "uri"),
                .filled,
                .always,
                "http or https, without user, query and fragment."
            ),
            SchemaField("host_header", .text(1...255), .clearable, .orNull),
            SchemaField(
                "credential",
                in: credential,
                out: credential,
                .clearable,
                .never,
                "Never shown again. Kept when it is not said; null takes it away."
            ),
            SchemaField("has_credential", .flag, .never, .always),
            SchemaField("credential_type", .words(forms), .never, .orNull),
            SchemaField("enabled", .flag),
            SchemaField(
                "models",
                .list(of: .text, limit: 1000),
                .clearable,
                .always,
                "Those that it serves, * standing for anything; empty: all of its provider."
            ),
            SchemaField("version", .whole, .never, .always, "What the entity tag holds."),
            SchemaField("created_at", .time, .never, .always),
            SchemaField("updated_at", .time, .never, .always),
        ],
        needed: ["name", "provider", "base_url"]
    )

    static let forms = ["bearer", "header", "basic"]

    private static let credential = JSONSchema.object([
        .init(name: "type", description: "", schema: .words(forms), isRequired: true),
        .init(
            name: "header",
            description: "The header that holds the value; only with the type header.",
            schema: .text(1...64)
        ),
        .init(
            name: "value",
            description: "The secret; with the type basic it is user:password.",
            schema: .text(1...4096),
            isRequired: true
        ),
    ]).named("Credential")

    /// The body of a PUT.
    static let creation = list(of: supplier.creation)

    /// Several suppliers.
    static func list(of supplier: JSONSchema) -> JSONSchema {
        .object([
            .init(
                name: "suppliers",
                description: "",
                schema: .list(of: supplier, limit: SupplierRegistry.countLimit),
                isRequired: true
            )
        ])
    }

    static let example: JSONValue = [
        "suppliers": .array([
            [
                "name": "openai-eu", "provider": "openai", "region": "EU",
                "base_url": "https://eu.api.openai.com/v1",
                "credential": ["type": "bearer", "value": "sk-…"],
            ]
        ])
    ]
}
