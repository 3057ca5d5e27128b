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
        func named(_ known: StaticString) -> Bool { isEqual(name, known, body) }
        if named("model") { return .model }
        if named("stream") { return .stream }
        if named("input") || named("prompt") { return .prompt }
        if named("max_tokens") { return .maximum(0) }
        if named("max_completion_tokens") { return .maximum(1) }
        if named("max_output_tokens") { return .maximum(2) }
        if named("max_tokens_to_sample") { return .maximum(3) }
        if named("max_gen_len") { return .maximum(4) }
        if named("maxTokens") { return .maximum(5) }
        if named("n") { return .choices(0) }
        if named("best_of") { return .choices(1) }
        if named("num_generations") { return .choices(2) }
        if named("numResults") { return .choices(3) }
        if named("generationConfig") { return .configuration(0) }
        if named("generation_config") { return .configuration(1) }
        if named("inferenceConfig") { return .configuration(2) }
        if named("textGenerationConfig") { return .configuration(3) }
        return .other
    }

    /// What a field of Gemini's `generationConfig`, Bedrock's `inferenceConfig` or Titan's
    /// `textGenerationConfig` means.
    static func ofConfiguration(_ name: JSONScanner.StringRange, _ body: Span<UInt8>) -> LLMField {
        func named(_ known: StaticString) -> Bool { isEqual(name, known, body) }
        if named("maxOutputTokens") { return .maximum(0) }
        if named("max_output_tokens") { return .maximum(1) }
        if named("maxTokens") { return .maximum(2) }
        if named("max_new_tokens") { return .maximum(3) }
        if named("maxTokenCount") { return .maximum(4) }
        if named("candidateCount") { return .choices(0) }
        if named("candidate_count") { return .choices(1) }
        return .other
    }

    /// Whether a field has this name; the length tells nearly all apart.
    @inline(__always)
    private static func isEqual(
        _ name: JSONScanner.StringRange,
        _ known: StaticString,
        _ body: Span<UInt8>
    ) -> Bool {
        guard name.hasEscapes || name.count == known.utf8CodeUnitCount else { return false }
        return JSONEscapes.equal(body, name, known)
    }
}
