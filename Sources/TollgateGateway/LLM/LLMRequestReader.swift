package import TollgateCore

/// What the body of a request to a language model says about what it will cost.
///
/// The ranges lie in the body that was read.
package struct LLMRequestFacts: Equatable, Sendable {
    /// Where the model's name is, between its quotes; nil when the body names none, or was cut off
    /// before it did.
    package internal(set) var model: Range<Int>?

    /// Whether the model's name is written with escapes: `LLMRequestReader.copyModel` resolves
    /// them.
    package internal(set) var modelHasEscapes = false

    /// Whether beside `model` there is a field that differs from it in capitals only.
    ///
    /// Parsers differ on whether capitals matter, and so on which of the two counts.
    package internal(set) var modelHasRival = false

    /// Whether `model` came more than once; the last one counts.
    package internal(set) var modelIsRepeated = false

    /// Whether the answer is to be streamed.
    package internal(set) var stream = false

    /// The most tokens that one answer may have, at most `Int64.max`.
    ///
    /// The largest of the fields that say so; nil when none does.
    package internal(set) var maximumOutput: UInt64?

    /// How many answers are wanted at once (`n`, `candidateCount`); at least 1, at most
    /// `Int64.max`.
    package internal(set) var choices: UInt64 = 1

    /// The bytes of all texts in the body, as they are written, which no byte-level tokenizer makes
    /// more tokens of.
    ///
    /// The model's name and the names of fields are no text; everything else is. Of a body that was
    /// cut off: all that is here.
    package internal(set) var textBytes = 0

    /// Whether the whole body was read, and is one JSON object.
    package internal(set) var isComplete = false

    /// Whether a number of tokens or answers was negative, too large to be meant, or no number.
    ///
    /// Negative ones and those that are no numbers are taken as not given.
    package internal(set) var hasOddNumber = false

    /// What is wrong with the body.
    ///
    /// The facts before that place stand.
    package internal(set) var problem = Problem.none

    /// What can be wrong with a body.
    package enum Problem: Sendable {
        case none
        /// It is no JSON object. A body that was cut off is not wrong.
        case notJSON
        /// A value is nested more deeply than is followed (512 levels).
        case tooDeep
        /// The model's name is no text.
        case notText
    }
}

/// Reads the body of a request as OpenAI, Anthropic, Gemini and Bedrock define them.
///
/// One pass, no allocation, no recursion; the body may be cut off at any byte. Of a field that
/// comes twice the last one counts, as in most parsers. Field names are compared with their escapes
/// resolved.
package enum LLMRequestReader {
    /// What the body says.
    package static func facts(of body: Span<UInt8>) -> LLMRequestFacts {
        var pass = Pass()
        do throws(JSONScanner.Failure) {
            try pass.readObject(body, isNested: false)
            guard pass.scanner.isAtEnd(body) else { throw .notJSON }
            pass.facts.isComplete = true
        } catch {
            switch error {
            case .cut: break
            case .notJSON: pass.facts.problem = .notJSON
            case .tooDeep: pass.facts.problem = .tooDeep
            }
        }
        return pass.finished(body)
    }

    /// Copies the model's name, escapes resolved, behind what is in a buffer.
    ///
    /// - Returns: false when there is none, it does not fit or is no text; what was copied then is
    ///   of no use.
    package static func copyModel(
        _ facts: LLMRequestFacts,
        of body: Span<UInt8>,
        into buffer: inout TextBuffer
    ) -> Bool {
        guard let range = facts.model, range.upperBound <= body.count else { return false }
        return JSONEscapes.resolve(body, range, into: &buffer)
    }
}

/// One pass over a body.
private struct Pass {
    var facts = LLMRequestFacts()
    var scanner = JSONScanner()

    /// How often a model was named, and how often in other capitals.
    private var modelCount = 0
    private var rivalCount = 0

    /// The fields that bound an answer's length, by where they are, each the last of its name.
    private var maximums = [6 of UInt64?](repeating: nil)

    /// Reads an object; at the outermost level also the objects that generation is configured by.
    mutating func readObject(
        _ body: Span<UInt8>,
        isNested: Bool
    ) throws(JSONScanner.Failure) {
        try scanner.take(UInt8(ascii: "{"), body)
        if try scanner.takes(UInt8(ascii: "}"), body) { return }
        repeat {
            guard try scanner.kind(body) == .string else { throw .notJSON }
            let name = try scanner.string(body)
            try scanner.take(UInt8(ascii: ":"), body)
            if isNested {
                try readConfiguration(name, body)
            } else {
                try readField(name, body)
            }
        } while try scanner.takes(UInt8(ascii: ","), body)
        try scanner.take(UInt8(ascii: "}"), body)
    }

    private mutating func readField(
        _ name: JSONScanner.StringRange,
        _ body: Span<UInt8>
    ) throws(JSONScanner.Failure) {
        func named(_ known: StaticString) -> Bool { JSONEscapes.equal(body, name, known) }
        if named("model") {
            try readModel(body)
        } else if named("stream") {
            try readStream(body)
        } else if named("max_tokens") {
            try readMaximum(0, body)
        } else if named("max_completion_tokens") {
            try readMaximum(1, body)
        } else if named("max_output_tokens") {
            try readMaximum(2, body)
        } else if named("n") {
            try readChoices(body)
        } else if named("generationConfig") || named("generation_config")
            || named("inferenceConfig")
        {
            if try scanner.kind(body) == .object {
                try readObject(body, isNested: true)
            } else {
                try skip(body)
            }
        } else {
            if JSONEscapes.equalInAnyCase(body, name, "model") { countRival() }
            try skip(body)
        }
    }

    private mutating func countModel() {
        modelCount += 1
        facts.modelIsRepeated = modelCount > 1
        facts.modelHasRival = rivalCount > 0
    }

    private mutating func countRival() {
        rivalCount += 1
        facts.modelHasRival = modelCount > 0
    }

    /// Reads a field of Gemini's `generationConfig` or Bedrock's `inferenceConfig`.
    private mutating func readConfiguration(
        _ name: JSONScanner.StringRange,
        _ body: Span<UInt8>
    ) throws(JSONScanner.Failure) {
        func named(_ known: StaticString) -> Bool { JSONEscapes.equal(body, name, known) }
        if named("maxOutputTokens") {
            try readMaximum(3, body)
        } else if named("max_output_tokens") {
            try readMaximum(4, body)
        } else if named("maxTokens") {
            try readMaximum(5, body)
        } else if named("candidateCount") || named("candidate_count") {
            try readChoices(body)
        } else {
            try skip(body)
        }
    }

    private mutating func readModel(_ body: Span<UInt8>) throws(JSONScanner.Failure) {
        countModel()
        facts.model = nil
        guard try scanner.kind(body) == .string else { return try skip(body) }
        let string = try scanner.string(body)
        facts.model = string.start..<string.start + string.count
        facts.modelHasEscapes = string.hasEscapes
    }

    private mutating func readStream(_ body: Span<UInt8>) throws(JSONScanner.Failure) {
        facts.stream = false
        guard try scanner.kind(body) == .word else { return try skip(body) }
        facts.stream = try scanner.word(body) ?? false
    }

    private mutating func readMaximum(
        _ place: Int,
        _ body: Span<UInt8>
    ) throws(JSONScanner.Failure) {
        maximums[place] = nil
        maximums[place] = try readCount(body)
    }

    private mutating func readChoices(_ body: Span<UInt8>) throws(JSONScanner.Failure) {
        facts.choices = 1
        facts.choices = max(try readCount(body) ?? 1, 1)
    }

    /// A number of tokens or answers; nil when it is not given.
    private mutating func readCount(_ body: Span<UInt8>) throws(JSONScanner.Failure) -> UInt64? {
        switch try scanner.kind(body) {
        case .number:
            let number = try scanner.number(body)
            if number.isNegative || number.isHuge { facts.hasOddNumber = true }
            return number.isNegative ? nil : number.count
        case .word:
            if try scanner.word(body) != nil { facts.hasOddNumber = true }
        case .string, .object, .array:
            facts.hasOddNumber = true
            try skip(body)
        }
        return nil
    }

    /// Goes past a value, and counts the text in it.
    private mutating func skip(_ body: Span<UInt8>) throws(JSONScanner.Failure) {
        let start = scanner.index
        do throws(JSONScanner.Failure) {
            facts.textBytes += try scanner.skipValue(body)
        } catch {
            // How much of the rest is text is not known: no more than all of it.
            facts.textBytes += body.count - start
            throw error
        }
    }

    /// The facts, with what only the whole pass can tell.
    func finished(_ body: Span<UInt8>) -> LLMRequestFacts {
        var facts = facts
        for index in maximums.indices {
            guard let maximum = maximums[index] else { continue }
            facts.maximumOutput = max(facts.maximumOutput ?? 0, maximum)
        }
        if let model = facts.model, !Text.isValid(body.extracting(model)) {
            facts.model = nil
            facts.problem = .notText
        }
        return facts
    }
}
