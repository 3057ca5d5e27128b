internal import TollgateCore

/// Walks over JSON (RFC 8259) in place, value by value, without recursion or allocation.
///
/// The text may end anywhere: a body that a proxy cut off is the normal case, and `Failure.cut`
/// tells it from what is no JSON. The scanner is a place in the bytes and not the bytes; whoever
/// scans passes them with every call.
struct JSONScanner {
    /// What a value begins with.
    enum Kind {
        case object
        case array
        case string
        case number
        /// `true`, `false` or `null`.
        case word
    }

    /// A string's characters, between its quotes.
    struct StringRange {
        var start: Int
        var count: Int
        var hasEscapes: Bool
    }

    /// Why there is no next thing.
    enum Failure: Error {
        /// The bytes end too early.
        case cut
        /// The bytes are no JSON.
        case notJSON
        /// A value is nested more deeply than is followed.
        case tooDeep
    }

    /// How deep a value that is skipped may be.
    ///
    /// Skipping takes a counter and a bit for each level, so this bounds a number and no memory.
    static let skipLimit = 512

    private(set) var index = 0

    /// Whether nothing but white space is left, which is skipped.
    mutating func isAtEnd(_ text: Span<UInt8>) -> Bool {
        while index < text.count {
            switch text[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return false
            }
        }
        return true
    }

    /// The next byte that is no white space.
    ///
    /// - Throws: `cut` at the end.
    mutating func peek(_ text: Span<UInt8>) throws(Failure) -> UInt8 {
        guard !isAtEnd(text) else { throw .cut }
        return text[index]
    }

    /// The next byte, white space or not.
    ///
    /// - Throws: `cut` at the end.
    func nextByte(_ text: Span<UInt8>) throws(Failure) -> UInt8 {
        guard index < text.count else { throw .cut }
        return text[index]
    }

    /// Goes past the byte that `nextByte` gave.
    mutating func step() {
        index += 1
    }

    /// Takes a byte that must come next, white space apart.
    mutating func take(_ byte: UInt8, _ text: Span<UInt8>) throws(Failure) {
        guard try peek(text) == byte else { throw .notJSON }
        index += 1
    }

    /// Takes a byte when it comes next.
    mutating func takes(_ byte: UInt8, _ text: Span<UInt8>) throws(Failure) -> Bool {
        guard try peek(text) == byte else { return false }
        index += 1
        return true
    }

    /// What the next value begins with.
    mutating func kind(_ text: Span<UInt8>) throws(Failure) -> Kind {
        switch try peek(text) {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), 0x30...0x39: .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): .word
        default: throw .notJSON
        }
    }

    /// Takes a string.
    ///
    /// - Throws: `notJSON` for control characters and for escapes that do not exist.
    mutating func string(_ text: Span<UInt8>) throws(Failure) -> StringRange {
        try take(UInt8(ascii: "\""), text)
        let start = index
        var hasEscapes = false
        while index < text.count {
            skipPlain(text)
            guard index < text.count else { break }
            let byte = text[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return StringRange(start: start, count: index - 1 - start, hasEscapes: hasEscapes)
            }
            guard byte == UInt8(ascii: "\\") else { throw .notJSON }
            hasEscapes = true
            try skipEscape(text)
        }
        throw .cut
    }

    /// Goes to the next quote, backslash or control character, eight bytes at a time.
    private mutating func skipPlain(_ text: Span<UInt8>) {
        let every: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        while text.count - index >= 8 {
            let word = text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quote = word ^ (every &* 0x22)
            let backslash = word ^ (every &* 0x5C)
            // The high bit of a byte is set where it is a quote, a backslash or below 0x20. Behind
            // such a byte also elsewhere, by borrowing, which the loop below sorts out.
            let special =
                ((quote &- every) & ~quote)
                | ((backslash &- every) & ~backslash)
                | ((word &- (every &* 0x20)) & ~word)
            if special & high != 0 { break }
            index += 8
        }
        while index < text.count {
            let byte = text[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return }
            index += 1
        }
    }

    private mutating func skipEscape(_ text: Span<UInt8>) throws(Failure) {
        index += 1
        guard index < text.count else { throw .cut }
        let letter = text[index]
        index += 1
        switch letter {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return
        case 0x75:
            for _ in 0..<4 {
                guard index < text.count else { throw .cut }
                guard Text.hexDigit(text[index]) != nil else { throw .notJSON }
                index += 1
            }
        default: throw .notJSON
        }
    }

    /// Takes `true`, `false` or `null`; nil for `null`.
    mutating func word(_ text: Span<UInt8>) throws(Failure) -> Bool? {
        switch try peek(text) {
        case UInt8(ascii: "t"):
            try take("true", text)
            return true
        case UInt8(ascii: "f"):
            try take("false", text)
            return false
        default:
            try take("null", text)
            return nil
        }
    }

    private mutating func take(_ word: StaticString, _ text: Span<UInt8>) throws(Failure) {
        for place in 0..<word.utf8CodeUnitCount {
            guard index < text.count else { throw .cut }
            guard text[index] == word.utf8Start[place] else { throw .notJSON }
            index += 1
        }
    }

    // MARK: Objects, member by member

    /// Takes the beginning of an object, and gives back whether it has a member.
    mutating func entersObject(_ text: Span<UInt8>) throws(Failure) -> Bool {
        try take(UInt8(ascii: "{"), text)
        return try !takes(UInt8(ascii: "}"), text)
    }

    /// Takes what stands behind a member, and gives back whether another one follows.
    mutating func hasNextMember(_ text: Span<UInt8>) throws(Failure) -> Bool {
        if try takes(UInt8(ascii: ","), text) { return true }
        try take(UInt8(ascii: "}"), text)
        return false
    }

    /// Takes a member's name and the colon behind it.
    mutating func name(_ text: Span<UInt8>) throws(Failure) -> StringRange {
        let name = try string(text)
        try take(UInt8(ascii: ":"), text)
        return name
    }

    // MARK: Values that are not looked at

    /// Takes any value that is neither an object nor an array, and gives back how many bytes of
    /// text it holds when it is a string.
    @inline(__always)
    private mutating func skipScalar<Texts: BodyTexts & ~Copyable>(
        _ text: Span<UInt8>,
        bytesOfNumber: Int,
        _ isToken: Bool,
        _ texts: inout Texts
    ) throws(Failure) -> Int {
        switch try kind(text) {
        case .string: return try skipString(text, &texts)
        case .number:
            _ = try number(text)
            if isToken { texts.takeToken() }
            return bytesOfNumber
        case .word: _ = try word(text)
        case .object, .array: throw .notJSON
        }
        return 0
    }

    @inline(__always)
    private mutating func skipString<Texts: BodyTexts & ~Copyable>(
        _ text: Span<UInt8>,
        _ texts: inout Texts
    ) throws(Failure) -> Int {
        let start = index + 1
        do throws(Failure) {
            let string = try string(text)
            let range = string.start..<string.start + string.count
            texts.take(range, hasEscapes: string.hasEscapes, text)
            return string.count
        } catch {
            texts.take(start..<max(start, index), hasEscapes: true, text)
            throw error
        }
    }

    /// Takes a value of any kind, and gives back how many bytes all strings in it hold, the names
    /// of its fields apart.
    ///
    /// - Parameters:
    ///   - text: what is scanned.
    ///   - bytesOfNumber: what a number counts, where numbers stand for text.
    /// - Returns: the bytes.
    /// - Throws: `tooDeep` beyond `skipLimit` levels.
    mutating func skipValue(
        _ text: Span<UInt8>,
        bytesOfNumber: Int = 0
    ) throws(Failure) -> Int {
        var nobody = UnreadTexts()
        return try skipValue(text, bytesOfNumber: bytesOfNumber, &nobody)
    }

    /// The same for who also wants the strings themselves.
    @inline(__always)
    mutating func skipValue<Texts: BodyTexts & ~Copyable>(
        _ text: Span<UInt8>,
        bytesOfNumber: Int,
        _ texts: inout Texts
    ) throws(Failure) -> Int {
        // One bit for each level: whether it is an object.
        var objects = [8 of UInt64](repeating: 0)
        var depth = 0
        var bytes = 0
        repeat {
            let isObject = try takes(UInt8(ascii: "{"), text)
            let isArray = isObject ? false : try takes(UInt8(ascii: "["), text)
            if isObject || isArray {
                guard depth < JSONScanner.skipLimit else { throw .tooDeep }
                let bit: UInt64 = 1 << UInt64(depth % 64)
                objects[depth / 64] =
                    isObject ? objects[depth / 64] | bit : objects[depth / 64] & ~bit
                depth += 1
                let close = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
                if try peek(text) != close {
                    if isObject { _ = try name(text) }
                    continue
                }
            } else {
                // What stands for text is in arrays only; numbers of objects say something else.
                let isInObject = depth < 64 && objects[0] & ((1 << UInt64(depth)) - 1) != 0
                let isToken = bytesOfNumber > 0 && !isInObject
                bytes += try skipScalar(text, bytesOfNumber: bytesOfNumber, isToken, &texts)
            }
            // A value has ended: so may those that it ends.
            while depth > 0 {
                let isObject = objects[(depth - 1) / 64] >> UInt64((depth - 1) % 64) & 1 == 1
                if try takes(UInt8(ascii: ","), text) {
                    if isObject { _ = try name(text) }
                    break
                }
                try take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), text)
                depth -= 1
            }
        } while depth > 0
        return bytes
    }
}
