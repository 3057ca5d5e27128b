extension ModelCatalogue {
    /// Well-known models, for a start without a file.
    ///
    /// Prices are the providers' list prices in USD for a million tokens when this was written; who
    /// bills by them should keep a file of their own.
    package static let builtIn = ModelCatalogue([
        openAI("gpt-4o", 2_500_000, 10_000_000, 1_250_000, output: 16_384),
        openAI("gpt-4o-mini", 150_000, 600_000, 75_000, output: 16_384),
        openAI("gpt-4.1", 2_000_000, 8_000_000, 500_000, output: 32_768),
        openAI("gpt-4.1-mini", 400_000, 1_600_000, 100_000, output: 32_768),
        openAI("gpt-4.1-nano", 100_000, 400_000, 25_000, output: 32_768),
        openAI("gpt-4-turbo", 10_000_000, 30_000_000, nil, output: 4_096),
        openAI("gpt-4", 30_000_000, 60_000_000, nil, output: 8_192),
        openAI("gpt-3.5-turbo", 500_000, 1_500_000, nil, output: 4_096),
        openAI("o1", 15_000_000, 60_000_000, 7_500_000, output: 100_000),
        openAI("o3", 2_000_000, 8_000_000, 500_000, output: 100_000),
        openAI("o3-mini", 1_100_000, 4_400_000, 550_000, output: 100_000),
        openAI("o4-mini", 1_100_000, 4_400_000, 275_000, output: 100_000),
        openAI("gpt-5", 1_250_000, 10_000_000, 125_000, output: 128_000),
        openAI("gpt-5-mini", 250_000, 2_000_000, 25_000, output: 128_000),
        openAI("gpt-5-nano", 50_000, 400_000, 5_000, output: 128_000),
        openAI("text-embedding-3-small", 20_000, 0, nil, output: 0),
        openAI("text-embedding-3-large", 130_000, 0, nil, output: 0),
        anthropic("claude-opus-4-1", 15_000_000, 75_000_000, 1_500_000, output: 32_000),
        anthropic("claude-sonnet-4-5", 3_000_000, 15_000_000, 300_000, output: 64_000),
        anthropic("claude-haiku-4-5", 1_000_000, 5_000_000, 100_000, output: 64_000),
        anthropic("claude-3-5-sonnet-20241022", 3_000_000, 15_000_000, 300_000, output: 8_192),
        anthropic("claude-3-5-haiku-20241022", 800_000, 4_000_000, 80_000, output: 8_192),
        anthropic("claude-3-haiku-20240307", 250_000, 1_250_000, 30_000, output: 4_096),
        google("gemini-2.5-pro", 1_250_000, 10_000_000, 125_000, output: 65_536),
        google("gemini-2.5-flash", 300_000, 2_500_000, 30_000, output: 65_536),
        google("gemini-2.0-flash", 100_000, 400_000, 25_000, output: 8_192),
        google("gemini-1.5-pro", 1_250_000, 5_000_000, nil, output: 8_192),
    ])

    private static func openAI(
        _ id: String,
        _ input: UInt64,
        _ output: UInt64,
        _ cached: UInt64?,
        output limit: UInt64
    ) -> Model {
        model(id, "openai", input, output, cached, limit)
    }

    private static func anthropic(
        _ id: String,
        _ input: UInt64,
        _ output: UInt64,
        _ cached: UInt64?,
        output limit: UInt64
    ) -> Model {
        model(id, "anthropic", input, output, cached, limit)
    }

    private static func google(
        _ id: String,
        _ input: UInt64,
        _ output: UInt64,
        _ cached: UInt64?,
        output limit: UInt64
    ) -> Model {
        model(id, "google", input, output, cached, limit)
    }

    private static func model(
        _ id: String,
        _ provider: String,
        _ input: UInt64,
        _ output: UInt64,
        _ cached: UInt64?,
        _ limit: UInt64
    ) -> Model {
        Model(
            id: id,
            provider: provider,
            maximumOutput: limit,
            price: ModelPrice(input: input, output: output, cachedInput: cached)
        )
    }
}
