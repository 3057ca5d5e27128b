internal import TollgateCore

/// Reads the body of a request that uploads a file: audio to be written down or translated, images
/// to be edited.
enum LLMFormReader {
    /// What a form says.
    ///
    /// A field is known when it is whole. A form has no agreed answer to which of two fields counts,
    /// so a second `model` is a rival of the first one.
    ///
    /// - Parameters:
    ///   - body: the beginning of the body, or all of it.
    ///   - contentType: a form's, with its boundary.
    /// - Returns: the facts.
    static func facts(of body: Span<UInt8>, contentType: Span<UInt8>) -> LLMRequestFacts {
        var nobody = UnreadTexts()
        return facts(of: body, contentType: contentType, &nobody)
    }

    /// The same for who also wants the texts.
    static func facts<Texts: BodyTexts & ~Copyable>(
        of body: Span<UInt8>,
        contentType: Span<UInt8>,
        _ texts: inout Texts
    ) -> LLMRequestFacts {
        var pass = Pass()
        do throws(MultipartForm.Failure) {
            var form = try MultipartForm(body, contentType: contentType)
            while let part = try pass.next(&form, body) { pass.read(part, body, &texts) }
            pass.facts.isComplete = true
        } catch {
            if error == .notForm { pass.facts.problem = .notForm }
        }
        if let model = pass.facts.model, !Text.isValid(body.extracting(model)) {
            pass.facts.model = nil
            pass.facts.problem = .notText
        }
        return pass.facts
    }

    /// One pass over a form.
    private struct Pass {
        var facts = LLMRequestFacts()
        private var hasModel = false

        /// The next part; what is cut off before it is known whether it is text counts as such.
        mutating func next(
            _ form: inout MultipartForm,
            _ body: Span<UInt8>
        ) throws(MultipartForm.Failure) -> MultipartForm.Part? {
            let start = form.index
            do throws(MultipartForm.Failure) {
                return try form.next()
            } catch {
                if error == .cut { facts.textBytes += body.count - start }
                throw error
            }
        }

        mutating func read<Texts: BodyTexts & ~Copyable>(
            _ part: MultipartForm.Part,
            _ body: Span<UInt8>,
            _ texts: inout Texts
        ) {
            let name = body.extracting(part.name)
            if Text.equalInAnyCase(name, "model") {
                return readModel(part, isInSmallLetters: Text.equal(name, "model"))
            }
            if part.isFile { return }
            facts.textBytes += part.value.count
            texts.take(part.value, hasEscapes: false, body)
            guard part.isWhole else { return }
            let value = body.extracting(part.value)
            if Text.equal(name, "stream") {
                facts.stream = Text.equalInAnyCase(value, "true") || Text.equal(value, "1")
            } else if Text.equal(name, "n") {
                readChoices(value)
            }
        }

        private mutating func readModel(_ part: MultipartForm.Part, isInSmallLetters: Bool) {
            facts.modelIsRepeated = hasModel
            if hasModel || part.isFile || part.isEncoded || !isInSmallLetters {
                facts.modelHasRival = true
            }
            hasModel = true
            facts.model = part.isWhole ? part.value : nil
        }

        private mutating func readChoices(_ value: Span<UInt8>) {
            guard let count = DecimalText.value(of: value), count <= JSONNumber.limit else {
                facts.hasOddNumber = true
                return
            }
            facts.choices = max(facts.choices, count)
        }
    }
}
