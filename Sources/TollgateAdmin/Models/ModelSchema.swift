internal import TollgateCore

/// Models and prices, as `ModelFields` reads them and `ModelDocument` shows them.
enum ModelSchema {
    private static let supplier = JSONSchema.object([
        .init(name: "name", description: "", schema: .text, isRequired: true),
        .init(name: "region", description: "", schema: .text),
    ])

    private static let price = JSONSchema.positive

    static let model = JSONSchema.object([
        .init(name: "id", description: "", schema: .text, isRequired: true),
        .init(name: "provider", description: "", schema: .text, isRequired: true),
        .init(name: "aliases", description: "", schema: .texts),
        .init(name: "input_price", description: "USD for a million tokens.", schema: price),
        .init(name: "output_price", description: "USD for a million tokens.", schema: price),
        .init(
            name: "cached_input_price",
            description: "USD for a million tokens.",
            schema: price
        ),
        .init(
            name: "max_output_tokens",
            description: "",
            schema: .whole(0...Int64(Charge.highestTokens))
        ),
        .init(name: "suppliers", description: "", schema: .list(of: supplier)),
    ]).named("Model")

    /// Several models.
    static let models = JSONSchema.object([
        .init(name: "models", description: "", schema: .list(of: model), isRequired: true)
    ])

    static let example: JSONValue = [
        "models": .array([
            [
                "id": "gpt-4o", "provider": "openai", "input_price": .number("2.5"),
                "output_price": 10,
            ]
        ])
    ]
}
