package import TollgateCore

/// Reads the body of a request as OpenAI, Anthropic, Gemini, Bedrock and Azure define them.
///
/// One pass, no allocation, no recursion; the body may be cut off at any byte. Of a field that
/// comes twice the last one counts, as in most parsers, and from its name on: when its value is cut
/// off nothing is known, and not what the field said before. Field names are compared with their
/// escapes resolved.
package enum LLMRequestReader {
    /// What a body says.
    ///
    /// - Parameters:
    ///   - body: the beginning of the body, or all of it.
    ///   - contentType: what the client says that it is; a form or, whatever it says, JSON.
    /// - Returns: the facts.
    package static func facts(
        of body: Span<UInt8>,
        contentType: Span<UInt8>
    ) -> LLMRequestFacts {
        MultipartForm.isForm(contentType)
            ? LLMFormReader.facts(of: body, contentType: contentType) : facts(of: body)
    }

    /// What is found of a key's content rules in the texts of a body: those that `textBytes` counts,
    /// escapes resolved, as far as they are here.
    ///
    /// - Parameters:
    ///   - body: the beginning of the body, or all of it.
    ///   - contentType: as for `facts`.
    ///   - rules: what to look for.
    /// - Returns: the findings; whole when all of the body was understood.
    package static func findings(
        in body: Span<UInt8>,
        contentType: Span<UInt8>,
        by rules: ContentRules
    ) -> ContentFindings {
        var texts = ScannedTexts(by: rules)
        let facts =
            MultipartForm.isForm(contentType)
            ? LLMFormReader.facts(of: body, contentType: contentType, &texts)
            : facts(of: body, &texts)
        return texts.finish(isWhole: facts.isComplete && facts.problem == .none)
    }

    /// What a body in JSON says.
    package static func facts(of body: Span<UInt8>) -> LLMRequestFacts {
        var nobody = UnreadTexts()
        return facts(of: body, &nobody)
    }

    /// What a body in JSON says, for who also wants its texts.
    private static func facts<Texts: BodyTexts & ~Copyable>(
        of body: Span<UInt8>,
        _ texts: inout Texts
    ) -> LLMRequestFacts {
        var pass = Pass()
        do throws(JSONScanner.Failure) {
            try pass.readRequest(body, &texts)
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
        // A form has backslashes, and no escapes.
        guard facts.modelHasEscapes else { return buffer.append(body.extracting(range)) != nil }
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

    /// What bounds the answers, as the request says itself and as its configurations say.
    private var maximums = Counts()
    private var choices = Counts()
    private var configuredMaximums = Counts()
    private var configuredChoices = Counts()

    mutating func readRequest<Texts: BodyTexts & ~Copyable>(
        _ body: Span<UInt8>,
        _ texts: inout Texts
    ) throws(JSONScanner.Failure) {
        guard try scanner.entersObject(body) else { return }
        repeat {
            let name = try scanner.name(body)
            switch LLMField.ofRequest(name, body) {
            case .model: try readModel(body, &texts)
            case .stream: try readStream(body, &texts)
            case .maximum(let place):
                maximums[place] = nil
                maximums[place] = try readCount(body, &texts)
            case .choices(let place):
                choices[place] = nil
                choices[place] = try readCount(body, &texts)
            case .configuration(let place): try readConfiguration(place, body, &texts)
            case .prompt: try skip(body, &texts, bytesOfNumber: 1)
            case .other:
                if JSONEscapes.equalInAnyCase(body, name, "model") { countRival() }
                try skip(body, &texts)
            }
        } while try scanner.hasNextMember(body)
    }

    /// Reads an object that generation is configured by, in place of an earlier one of its name.
    private mutating func readConfiguration<Texts: BodyTexts & ~Copyable>(
        _ place: Int,
        _ body: Span<UInt8>,
        _ texts: inout Texts
    ) throws(JSONScanner.Failure) {
        configuredMaximums[place] = nil
        configuredChoices[place] = nil
        guard try scanner.kind(body) == .object else { return try skip(body, &texts) }
        var maximums = Counts()
        var choices = Counts()
        // Also of an object that is cut off: what is known of it bounds the answer from below.
        defer {
            configuredMaximums[place] = maximums.largest
            configuredChoices[place] = choices.largest
        }
        guard try scanner.entersObject(body) else { return }
        repeat {
            let name = try scanner.name(body)
            switch LLMField.ofConfiguration(name, body) {
            case .maximum(let place):
                maximums[place] = nil
                maximums[place] = try readCount(body, &texts)
            case .choices(let place):
                choices[place] = nil
                choices[place] = try readCount(body, &texts)
            default: try skip(body, &texts)
            }
        } while try scanner.hasNextMember(body)
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

    private mutating func readModel<Texts: BodyTexts & ~Copyable>(
        _ body: Span<UInt8>,
        _ texts: inout Texts
    ) throws(JSONScanner.Failure) {
        countModel()
        facts.model = nil
        guard try scanner.kind(body) == .string else { return try skip(body, &texts) }
        let string = try scanner.string(body)
        facts.model = string.start..<string.start + string.count
        facts.modelHasEscapes = string.hasEscapes
    }

    private mutating func readStream<Texts: BodyTexts & ~Copyable>(
        _ body: Span<UInt8>,
        _ texts: inout Texts
    ) throws(JSONScanner.Failure) {
        facts.stream = false
        guard try scanner.kind(body) == .word else { return try skip(body, &texts) }
        facts.stream = try scanner.word(body) ?? false
    }

    /// A number of tokens or answers; nil when it is not given.
    private mutating func readCount<Texts: BodyTexts & ~Copyable>(
        _ body: Span<UInt8>,
        _ texts: inout Texts
    ) throws(JSONScanner.Failure) -> UInt64? {
        switch try scanner.kind(body) {
        case .number:
            let number = try scanner.number(body)
            if number.isNegative || number.isHuge { facts.hasOddNumber = true }
            return number.isNegative ? nil : number.count
        case .word:
            if try scanner.word(body) != nil { facts.hasOddNumber = true }
        case .string, .object, .array:
            facts.hasOddNumber = true
            try skip(body, &texts)
        }
        return nil
    }

    /// Goes past a value, and counts the text in it.
    private mutating func skip<Texts: BodyTexts & ~Copyable>(
        _ body: Span<UInt8>,
        _ texts: inout Texts,
        bytesOfNumber: Int = 0
    ) throws(JSONScanner.Failure) {
        _ = try scanner.peek(body)
        let start = scanner.index
        do throws(JSONScanner.Failure) {
            facts.textBytes += try scanner.skipValue(body, bytesOfNumber: bytesOfNumber, &texts)
        } catch {
            // How much of the rest is text is not known: no more than all of it.
            facts.textBytes += body.count - start
            throw error
        }
    }

    /// The facts, with what only the whole pass can tell.
    func finished(_ body: Span<UInt8>) -> LLMRequestFacts {
        var facts = facts
        if let maximum = maximums.largest ?? configuredMaximums.largest {
            facts.maximumOutput = max(maximum, configuredMaximums.largest ?? 0)
        }
        facts.choices = max(1, choices.largest ?? 1, configuredChoices.largest ?? 1)
        if let model = facts.model, !Text.isValid(body.extracting(model)) {
            facts.model = nil
            facts.problem = .notText
        }
        return facts
    }
}

/// Numbers that several fields may say, of each field the last one.
private struct Counts {
    private var values = [6 of UInt64?](repeating: nil)
    /// Whether no field has said one: most requests say none of most kinds.
    private var areNone = true

    subscript(_ place: Int) -> UInt64? {
        get { values[place] }
        set {
            values[place] = newValue
            areNone = areNone && newValue == nil
        }
    }

    /// The largest; nil when no field says one.
    var largest: UInt64? {
        if areNone { return nil }
        var largest: UInt64?
        for place in values.indices {
            guard let value = values[place] else { continue }
            largest = max(largest ?? 0, value)
        }
        return largest
    }
}
