/// The name of a key for good: it survives rotation and is safe to show.
///
/// 48 bits of creation time in milliseconds and 80 random bits, so that ids sort by age. Written as
/// `key_` and 26 characters of Crockford's base 32.
package struct KeyID: Comparable, Hashable, Sendable {
    package let rawValue: UInt128

    package init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// A new id.
    ///
    /// - Parameters:
    ///   - time: now; its milliseconds are the upper 48 bits.
    ///   - entropy: random bits, of which 80 are used.
    package init(time: WallTime, entropy: UInt128) {
        let stamp = UInt128(UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF)
        rawValue = stamp << 80 | entropy & ((1 << 80) - 1)
    }

    /// The id that a caller wrote, nil when it is not one.
    package init?(_ text: String) {
        guard let value = Base32.value(of: text.utf8.span, after: "key_") else { return nil }
        rawValue = value
    }

    package static func < (left: KeyID, right: KeyID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension KeyID: CustomStringConvertible {
    package var description: String { "key_" + Base32.text(of: rawValue) }
}

/// The name of one allowed request, by which its usage is reported back.
///
/// 64 bits that grow and 64 random bits. Written as `rs_` and 26 characters of base 32.
package struct ReservationID: Hashable, Sendable {
    package let rawValue: UInt128

    package init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// No reservation: the request was denied or a dry run.
    package static let none = ReservationID(rawValue: 0)

    /// The id that a caller wrote, nil when it is not one.
    package init?(_ text: String) {
        self.init(text.utf8.span)
    }

    /// The id that a caller wrote as bytes, nil when it is not one.
    package init?(_ text: Span<UInt8>) {
        guard let value = Base32.value(of: text, after: "rs_"), value != 0 else { return nil }
        rawValue = value
    }
}

extension ReservationID: CustomStringConvertible {
    package var description: String { self == .none ? "" : "rs_" + Base32.text(of: rawValue) }
}

/// Crockford's base 32, small letters, 128 bits in 26 characters.
package enum Base32 {
    private static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

    /// How many characters a value takes.
    package static let width = 26

    /// The 26 characters of a value, as bytes.
    package static func characters(of value: UInt128) -> [26 of UInt8] {
        let table = alphabet.utf8Start
        var characters = [26 of UInt8](repeating: 0)
        // Words of twelve digits: shifting 128 bits for each digit costs several times as much.
        var words = (
            UInt64(truncatingIfNeeded: value >> 120),
            UInt64(truncatingIfNeeded: value >> 60) & (1 << 60 - 1),
            UInt64(truncatingIfNeeded: value) & (1 << 60 - 1)
        )
        for place in 0..<12 {
            characters[25 - place] = table[Int(truncatingIfNeeded: words.2 & 31)]
            characters[13 - place] = table[Int(truncatingIfNeeded: words.1 & 31)]
            words.1 >>= 5
            words.2 >>= 5
        }
        characters[1] = table[Int(truncatingIfNeeded: words.0 & 31)]
        words.0 >>= 5
        characters[0] = table[Int(truncatingIfNeeded: words.0)]
        return characters
    }

    /// The 26 characters of a value.
    package static func text(of value: UInt128) -> String {
        let characters = characters(of: value)
        return String(unsafeUninitializedCapacity: width) { text in
            for place in 0..<width { text[place] = characters[place] }
            return width
        }
    }

    /// The value written behind a prefix; nil unless it is written as `text` would write it.
    package static func value(of text: Span<UInt8>, after prefix: StaticString) -> UInt128? {
        let start = prefix.utf8CodeUnitCount
        guard
            text.count == start + width, Text.equal(text.extracting(0..<start), prefix),
            // The first of 26 digits has 3 bits.
            let first = digit(of: text[start]), first < 8
        else { return nil }
        var value: UInt128 = 0
        for place in start..<text.count {
            guard let digit = digit(of: text[place]) else { return nil }
            value = value << 5 | UInt128(digit)
        }
        return value
    }

    private static func digit(of character: UInt8) -> Int? {
        for digit in 0..<32 where alphabet.utf8Start[digit] == character { return digit }
        return nil
    }
}

/// The place of a block in the journal, counted from 1.
package struct JournalPosition: Comparable, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: JournalPosition, right: JournalPosition) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The name of what is counted for: a key's id, or the number that a user, team or organisation has.
package struct SubjectID: Comparable, Hashable, Sendable {
    package let rawValue: UInt128

    package init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    package init(_ key: KeyID) {
        rawValue = key.rawValue
    }

    package static func < (left: SubjectID, right: SubjectID) -> Bool {
        left.rawValue < right.rawValue
    }
}
