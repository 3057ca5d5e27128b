internal import TollgateCore

/// Where in a model's answer a value stands, as far as that says what was used.
///
/// Read are the answers of OpenAI (chat, completions, responses, embeddings), Anthropic (messages),
/// Gemini and Bedrock (converse), whole or as the events of a stream. Arrays have no place of their
/// own: their elements stand where the array does.
enum UsagePlace: UInt8, BitwiseCopyable {
    case other
    /// The answer, or one event of it.
    case root
    /// What wraps an answer in an event: `response` and `message`.
    case envelope
    case usage
    /// Details of the prompt's tokens.
    case details
    /// A choice, a candidate or a delta: its texts are what was generated.
    case answer
    /// What was generated.
    case text
    /// The model that has answered.
    case model
    /// The type of an event.
    case kind

    // Counts. The first is `UsageCounts`'s number 0.
    /// The prompt, what was cached of it included.
    case prompt
    /// The prompt, without what was cached where `cacheRead` or `cacheWrite` are told as well.
    case input
    case output
    /// Thinking that `output` does not include.
    case thoughts
    /// What tools added to the prompt, and `prompt` does not include.
    case toolPrompt
    /// Of the prompt, what came from a cache.
    case cached
    /// What came from a cache, beside `input`.
    case cacheRead
    /// What was written to a cache, beside `input`.
    case cacheWrite

    /// The number of a count; nil for a place that counts nothing.
    var count: Int? {
        let number = Int(rawValue) - Int(UsagePlace.prompt.rawValue)
        return number >= 0 ? number : nil
    }

    /// The place of what is in an object or array here.
    var asContainer: UsagePlace {
        switch self {
        case .root, .envelope, .usage, .details, .answer, .text: self
        default: .other
        }
    }

    /// The place of a field of an object here.
    func child(_ name: Span<UInt8>) -> UsagePlace {
        switch self {
        case .root: UsagePlace.inRoot(name)
        case .envelope: UsagePlace.inEnvelope(name)
        case .usage: UsagePlace.inUsage(name)
        case .details: UsagePlace.find(name, in: [("cached_tokens", .cached)])
        case .answer, .text: UsagePlace.inAnswer(name)
        default: .other
        }
    }

    private static func inRoot(_ name: Span<UInt8>) -> UsagePlace {
        let place = inEnvelope(name)
        guard place == .other else { return place }
        return find(
            name,
            in: [
                ("type", .kind), ("choices", .answer), ("candidates", .answer), ("delta", .text),
                ("response", .envelope), ("message", .envelope),
            ]
        )
    }

    private static func inEnvelope(_ name: Span<UInt8>) -> UsagePlace {
        find(
            name,
            in: [
                ("model", .model), ("modelVersion", .model), ("usage", .usage),
                ("usageMetadata", .usage),
            ]
        )
    }

    private static func inUsage(_ name: Span<UInt8>) -> UsagePlace {
        find(
            name,
            in: [
                ("prompt_tokens", .prompt), ("completion_tokens", .output),
                ("input_tokens", .input), ("output_tokens", .output),
                ("prompt_tokens_details", .details), ("input_tokens_details", .details),
                ("prompt_cache_hit_tokens", .cached),
                ("cache_read_input_tokens", .cacheRead),
                ("cache_creation_input_tokens", .cacheWrite),
                ("promptTokenCount", .prompt), ("candidatesTokenCount", .output),
                ("thoughtsTokenCount", .thoughts), ("toolUsePromptTokenCount", .toolPrompt),
                ("cachedContentTokenCount", .cached),
                ("inputTokens", .input), ("outputTokens", .output),
                ("cacheReadInputTokens", .cacheRead), ("cacheWriteInputTokens", .cacheWrite),
            ]
        )
    }

    private static func inAnswer(_ name: Span<UInt8>) -> UsagePlace {
        find(
            name,
            in: [
                ("delta", .text), ("message", .answer), ("content", .text), ("parts", .answer),
                ("text", .text), ("reasoning_content", .text), ("reasoning", .text),
                ("refusal", .text), ("thinking", .text), ("partial_json", .text),
                ("tool_calls", .answer), ("function", .answer), ("arguments", .text),
            ]
        )
    }

    private static func find(
        _ name: Span<UInt8>,
        in table: [(StaticString, UsagePlace)]
    ) -> UsagePlace {
        for (known, place) in table where known.utf8CodeUnitCount == name.count {
            if Text.equal(name, known) { return place }
        }
        return .other
    }
}
