/// Reads the body of a language model's answer as it passes by, and says what was used.
///
/// The body comes in pieces that are cut anywhere, and may end anywhere. A state machine of fixed
/// size, less than a kilobyte: nothing of the body is kept, allocated or waited for. What it is,
/// JSON or events, its first byte says.
package struct UsageReader {
    private var form = Form.unknown
    private var scanner = UsageScanner()
    private var events = EventStreamScanner()
    /// How many bytes of a byte order mark were passed over.
    private var markBytes = 0

    private enum Form: BitwiseCopyable {
        case unknown
        case json
        case events
        /// Neither: compressed, or another kind of answer.
        case unreadable
    }

    /// What an answer says.
    package struct Result: Equatable, Sendable {
        /// The prompt, what was cached included; nil when the answer does not say.
        package var input: UInt64?
        /// Of the prompt, what came from a cache.
        package var cachedInput: UInt64
        /// What was generated: told, or estimated from the events that came.
        package var output: UInt64
    }

    package init() {}

    /// Reads the next piece.
    package mutating func read(_ bytes: Span<UInt8>) {
        var start = 0
        while form == .unknown, start < bytes.count {
            choose(bytes[start])
            if form == .unknown { start += 1 }
        }
        switch form {
        case .json: scanner.read(bytes.extracting(start..<bytes.count))
        case .events: events.read(bytes.extracting(start..<bytes.count), into: &scanner)
        case .unknown, .unreadable: break
        }
    }

    /// Takes the body for what its first byte says; white space and a byte order mark say nothing.
    private mutating func choose(_ byte: UInt8) {
        let mark: StaticString = "\u{FEFF}"
        if markBytes < 3, byte == mark.utf8Start[markBytes] {
            markBytes += 1
            return
        }
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: return
        case UInt8(ascii: "{"), UInt8(ascii: "["): form = .json
        // `data`, `event`, `id`, `retry`, or a comment.
        case UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "r"),
            UInt8(ascii: ":"):
            form = .events
        default: form = .unreadable
        }
    }

    /// What was used; nil when the answer does not tell.
    ///
    /// Of a stream that tells nothing, or ended before it did, what came of it is counted. Of an
    /// answer in one piece nothing can be said unless it is whole.
    package var result: Result? {
        let isStream = form == .events || form == .json && scanner.isArray
        guard form == .events || form == .json else { return nil }
        guard scanner.documents > 0, isStream || scanner.isWhole else { return nil }
        let counts = scanner.counts
        let seen = isStream ? max(scanner.estimatedOutput, scanner.firstOutput) : 0
        guard let output = counts.output ?? (counts.input == nil && seen == 0 ? nil : seen) else {
            return nil
        }
        return Result(input: counts.input, cachedInput: counts.cachedInput, output: output)
    }

    /// The model that has answered; empty when it is not known, or its name is no text of ours.
    package var model: Span<UInt8> {
        @_lifetime(borrow self)
        get { scanner.model.bytes }
    }
}
