/// What counts as text here, and how texts are compared.
///
/// Swift's `String` repairs bad bytes and treats different bytes as equal, neither of which an
/// authorization server may do: texts stay bytes until they are shown to a person.
package enum Text {
    /// Whether the bytes are well-formed UTF-8 (RFC 3629) without control characters.
    ///
    /// Control characters (U+0000 to U+001F and U+007F) have no place in a model, a region or a
    /// header value; NUL in particular is where C and Swift disagree on what a string is.
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        let count = bytes.count
        let raw = bytes.bytes
        while count - index >= 8 {
            let word = raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard isPlain(word) else { break }
            index &+= 8
        }
        while index < count {
            let byte = bytes[index]
            if byte >= 0x20 && byte < 0x7F {
                index += 1
                continue
            }
            guard byte >= 0xC2, let length = sequenceLength(bytes, at: index) else { return false }
            index += length
        }
        return true
    }

    /// Whether all eight bytes of a word are printable ASCII: U+0020 to U+007E.
    ///
    /// A byte's highest bit is set in the sum of words below where the byte is 0x80 or more, less
    /// than 0x20, or 0x7F; a carry only starts in a byte that is found anyway.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let tooSmall = (word &- 0x2020_2020_2020_2020) & ~word
        let deleted = (word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101
        return (word | tooSmall | deleted) & 0x8080_8080_8080_8080 == 0
    }

    /// The length of the multi-byte sequence at `index`, nil when it is not well formed.
    ///
    /// Source: The Unicode Standard, table 3-7.
    package static func sequenceLength(_ bytes: Span<UInt8>, at index: Int) -> Int? {
        let lead = bytes[index]
        let left = bytes.count - index
        func continues(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
            offset < left && bytes[index + offset] >= low && bytes[index + offset] <= high
        }
        switch lead {
        case 0xC2...0xDF: return continues(1) ? 2 : nil
        case 0xE0: return continues(1, 0xA0) && continues(2) ? 3 : nil
        case 0xED: return continues(1, 0x80, 0x9F) && continues(2) ? 3 : nil
        case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : nil
        case 0xF0: return continues(1, 0x90) && continues(2) && continues(3) ? 4 : nil
        case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : nil
        case 0xF4: return continues(1, 0x80, 0x8F) && continues(2) && continues(3) ? 4 : nil
        default: return nil
        }
    }

    /// What a hexadecimal digit stands for, capital or small; nil when it is none.
    package static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// Whether two texts are the same bytes.
    package static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    /// Whether two texts are the same without regard to ASCII case.
    package static func equalIgnoringCase(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where lowercase(left[index]) != lowercase(right[index]) {
            return false
        }
        return true
    }

    /// Whether a text is these ASCII characters.
    @inline(__always)
    package static func equal(_ left: Span<UInt8>, _ right: StaticString) -> Bool {
        let count = right.utf8CodeUnitCount
        guard left.count == count else { return false }
        let start = right.utf8Start
        for index in 0..<count where left[index] != start[index] { return false }
        return true
    }

    /// The byte with an ASCII capital made small.
    @inline(__always)
    package static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}
