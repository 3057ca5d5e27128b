internal import TollgateCore

/// Walks over the parameters of a header's value, `; name=value` and so on (RFC 9110 section 5.6.6).
///
/// Stricter than the definition: a backslash within quotes is refused, for readers differ on what it
/// does to the quote behind it.
struct HeaderParameters {
    /// A parameter, as ranges of the text.
    struct Parameter {
        var name: Range<Int>
        /// Without the quotes.
        var value: Range<Int>
    }

    /// The value is not written as it must be.
    struct Malformed: Error {}

    private var index: Int
    private let end: Int

    /// Begins behind the first word of a value.
    ///
    /// - Parameter range: where in the text the parameters are.
    init(_ range: Range<Int>) {
        index = range.lowerBound
        end = range.upperBound
    }

    /// The next parameter; nil behind the last one.
    mutating func next(in text: Span<UInt8>) throws(Malformed) -> Parameter? {
        skipSpace(text)
        if index == end { return nil }
        guard takes(UInt8(ascii: ";"), text) else { throw Malformed() }
        skipSpace(text)
        let name = HeaderParameters.token(in: text, index..<end)
        index = name.upperBound
        guard !name.isEmpty, takes(UInt8(ascii: "="), text) else { throw Malformed() }
        return Parameter(name: name, value: try value(text))
    }

    private mutating func value(_ text: Span<UInt8>) throws(Malformed) -> Range<Int> {
        guard takes(UInt8(ascii: "\""), text) else {
            let token = HeaderParameters.token(in: text, index..<end)
            guard !token.isEmpty else { throw Malformed() }
            index = token.upperBound
            return token
        }
        let start = index
        while index < end, text[index] != UInt8(ascii: "\"") {
            guard text[index] != UInt8(ascii: "\\") else { throw Malformed() }
            index += 1
        }
        guard takes(UInt8(ascii: "\""), text) else { throw Malformed() }
        return start..<index - 1
    }

    private mutating func takes(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard index < end, text[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while index < end, text[index] == 0x20 || text[index] == 0x09 { index += 1 }
    }

    /// The token (RFC 9110 section 5.6.2) that a range begins with; empty when there is none.
    static func token(in text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var end = range.lowerBound
        while end < range.upperBound, isOfToken(text[end]) { end += 1 }
        return range.lowerBound..<end
    }

    private static func isOfToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        // !#$%&'*+-.^_`|~
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

extension Text {
    /// Whether a text is these ASCII characters, whose letters are small, in capitals or not.
    static func equalInAnyCase(_ text: Span<UInt8>, _ known: StaticString) -> Bool {
        guard text.count == known.utf8CodeUnitCount else { return false }
        for index in text.indices where lowercase(text[index]) != known.utf8Start[index] {
            return false
        }
        return true
    }
}
