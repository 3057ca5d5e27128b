internal import TollgateAdmin
internal import TollgateCore

/// Reads models from LiteLLM's `model_prices_and_context_window.json`.
///
/// Each member of the file is a model. Prices there are in USD for one token, often written as
/// `2.5e-06`; they are taken exactly, and what is below a pico-USD is rounded up.
struct LiteLLMPrices {
    /// The models, as the API takes them.
    private(set) var models: [JSONValue] = []
    /// How many entries have no price for tokens, or none that can be taken.
    private(set) var skipped = 0

    /// Reads the members of the file.
    init(_ entries: [JSONValue.Member]) {
        for entry in entries where entry.name != "sample_spec" {
            if let model = LiteLLMPrices.model(entry.name, entry.value) {
                models.append(model)
            } else {
                skipped += 1
            }
        }
    }

    private static func model(_ id: String, _ entry: JSONValue) -> JSONValue? {
        guard
            (1...CheckRequest.Field.model.limit).contains(id.utf8.count),
            let provider = entry["litellm_provider"]?.string, !provider.isEmpty,
            provider.utf8.count <= CheckRequest.Field.provider.limit,
            let input = price(entry["input_cost_per_token"]),
            // What only reads generates nothing, and often says nothing of it.
            let output = price(entry["output_cost_per_token"])
                ?? (entry["mode"] == "embedding" ? .integer(0) : nil)
        else { return nil }
        var members = [
            JSONValue.Member("id", .string(id)), JSONValue.Member("provider", .string(provider)),
            JSONValue.Member("input_price", input), JSONValue.Member("output_price", output),
        ]
        if let cached = price(entry["cache_read_input_token_cost"]) {
            members.append(JSONValue.Member("cached_input_price", cached))
        }
        if let count = count(entry["max_output_tokens"]) {
            members.append(JSONValue.Member("max_output_tokens", .integer(count)))
        }
        return .object(members)
    }

    /// A price for a token, as one for a million of them.
    private static func price(_ value: JSONValue?) -> JSONValue? {
        guard
            let text = value?.numberText,
            let picos = FixedPoint.value(text, decimals: 12, roundsUp: true),
            (0...Int64(ModelPrice.limit)).contains(picos)
        else { return nil }
        return .number(FixedPoint.text(picos, decimals: 6))
    }

    private static func count(_ value: JSONValue?) -> Int64? {
        guard
            let count = value?.numberText.flatMap({ FixedPoint.value($0, decimals: 0) }),
            (0...Int64(Charge.highestTokens)).contains(count)
        else { return nil }
        return count
    }
}

extension JSONValue {
    /// The number as it was written; nil when this is none.
    fileprivate var numberText: String? {
        switch self {
        case .integer(let number): "\(number)"
        case .number(let text): text
        default: nil
        }
    }
}
