/// What a field of a request to a language model means.
///
/// Fields of one meaning have a place each, for they do not replace one another.
enum LLMField {
    case model
    case stream
    /// How long an answer may be.
    case maximum(Int)
    /// How many answers are made.
    case choices(Int)
    /// An object with more fields.
    case configuration(Int)
    /// Text, or the numbers of its tokens.
    case prompt
    case other

    /// What a field at the outermost level means.
    ///
    /// OpenAI's and Anthropic's, and what the models of Bedrock's `InvokeModel` call the same.
    static func ofRequest(_ name: JSONScanner.StringRange, _ body: Span<UInt8>) -> LLMField {
        find(
            name,
            body,
            [
                ("model", .model), ("stream", .stream), ("input", .prompt), ("prompt", .prompt),
                ("max_tokens", .maximum(0)), ("max_completion_tokens", .maximum(1)),
                ("max_output_tokens", .maximum(2)), ("max_tokens_to_sample", .maximum(3)),
                ("max_gen_len", .maximum(4)), ("maxTokens", .maximum(5)),
                ("n", .choices(0)), ("best_of", .choices(1)), ("num_generations", .choices(2)),
                ("numResults", .choices(3)),
                ("generationConfig", .configuration(0)), ("generation_config", .configuration(1)),
                ("inferenceConfig", .configuration(2)), ("textGenerationConfig", .configuration(3)),
            ] as [18 of (StaticString, LLMField)]
        )
    }

    /// What a field of Gemini's `generationConfig`, Bedrock's `inferenceConfig` or Titan's
    /// `textGenerationConfig` means.
    static func ofConfiguration(_ name: JSONScanner.StringRange, _ body: Span<UInt8>) -> LLMField {
        find(
            name,
            body,
            [
                ("maxOutputTokens", .maximum(0)), ("max_output_tokens", .maximum(1)),
                ("maxTokens", .maximum(2)), ("max_new_tokens", .maximum(3)),
                ("maxTokenCount", .maximum(4)),
                ("candidateCount", .choices(0)), ("candidate_count", .choices(1)),
            ] as [7 of (StaticString, LLMField)]
        )
    }

    @inline(__always)
    private static func find<let count: Int>(
        _ name: JSONScanner.StringRange,
        _ body: Span<UInt8>,
        _ fields: [count of (StaticString, LLMField)]
    ) -> LLMField {
        for place in fields.indices {
            let (known, field) = fields[place]
            // The length tells nearly all apart.
            guard name.hasEscapes || name.count == known.utf8CodeUnitCount else { continue }
            if JSONEscapes.equal(body, name, known) { return field }
        }
        return .other
    }
}
