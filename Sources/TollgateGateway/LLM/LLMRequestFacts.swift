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

    /// Whether another reader may take another field for the model's name.
    ///
    /// In JSON, one that differs from `model` in capitals only, for parsers differ on whether they
    /// matter. In a form also a second `model`, of which some take the first, and a file.
    package internal(set) var modelHasRival = false

    /// Whether `model` came more than once; of JSON the last one counts.
    package internal(set) var modelIsRepeated = false

    /// Whether the answer is to be streamed.
    package internal(set) var stream = false

    /// The most tokens that one answer may have, at most `Int64.max`.
    ///
    /// The largest of the fields that say so; nil when none does.
    package internal(set) var maximumOutput: UInt64?

    /// How many answers are made at once (`n`, `best_of`, `candidateCount`), the largest of the
    /// fields that say so; at least 1, at most `Int64.max`.
    package internal(set) var choices: UInt64 = 1

    /// The bytes of all texts in the body, as they are written, which no byte-level tokenizer makes
    /// more tokens of.
    ///
    /// The model's name and the names of fields are no text, files of a form neither; everything
    /// else is, and each number of an `input` or a `prompt` that is given as tokens. Of a value that
    /// was cut off: all bytes of it that are here.
    package internal(set) var textBytes = 0

    /// Whether the whole body was read, and is one JSON object or one form.
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
        /// It is said to be a form, and is none that all readers read alike.
        case notForm
        /// A value is nested more deeply than is followed (512 levels).
        case tooDeep
        /// The model's name is no text.
        case notText
    }
}
