import TollgateCore

extension PriceList {
    /// The models that the tables name; one of them has a price.
    static let test = PriceList(models: .test, unpriced: .denyWhenBudgeted)
}

extension ModelCatalogue {
    /// The models that the tables name.
    static let test = ModelCatalogue([
        Model(
            id: "gpt-4o",
            provider: "openai",
            aliases: ["four-o"],
            maximumOutput: 16_384,
            price: ModelPrice(input: 2_500_000, output: 10_000_000)
        ),
        Model(id: "gemini-pro", provider: "google", maximumOutput: 8192),
        Model(id: "claude:0", provider: "anthropic", maximumOutput: 64_000),
        Model(id: "embed", provider: "openai", maximumOutput: 0),
        Model(id: "boundless", provider: "acme"),
        Model(id: "endless", provider: "acme", maximumOutput: .max),
    ])
}
