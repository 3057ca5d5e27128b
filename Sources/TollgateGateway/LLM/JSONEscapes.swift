internal import TollgateCore

/// The escapes in JSON strings (RFC 8259 section 7).
enum JSONEscapes {
    /// Whether a string's characters, escapes resolved, are these ASCII characters.
    ///
    /// A parser behind the proxy resolves them, so a field that is spelled with escapes is that
    /// field.
    static func equal(
        _ text: Span<UInt8>,
        _ string: JSONScanner.StringRange,
        _ known: StaticString
    ) -> Bool {
        if !string.hasEscapes {
            return Text.equal(text.extracting(string.start..<string.start + string.count), known)
        }
        var index = string.start
        var place = 0
        while index < string.start + string.count {
            guard
                place < known.utf8CodeUnitCount,
                let scalar = scalar(text, &index),
                scalar == UInt32(known.utf8Start[place])
            else { return false }
            place += 1
        }
        return place == known.utf8CodeUnitCount
    }

    /// Whether a string's characters, escapes resolved and capitals made small, are these small
    /// ASCII letters.
    static func equalInAnyCase(
        _ text: Span<UInt8>,
        _ string: JSONScanner.StringRange,
        _ known: StaticString
    ) -> Bool {
        guard string.hasEscapes || string.count == known.utf8CodeUnitCount else { return false }
        var index = string.start
        var place = 0
        while index < string.start + string.count {
            guard
                place < known.utf8CodeUnitCount,
                let scalar = scalar(text, &index), let byte = UInt8(exactly: scalar),
                Text.lowercase(byte) == known.utf8Start[place]
            else { return false }
            place += 1
        }
        return place == known.utf8CodeUnitCount
    }

    /// Copies a string's characters, escapes resolved, behind those in a buffer.
    ///
    /// - Returns: false when they do not fit, or when half of a surrogate pair stands alone.
    static func resolve(
        _ text: Span<UInt8>,
        _ range: Range<Int>,
        into buffer: inout TextBuffer
    ) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            if text[index] != UInt8(ascii: "\\") {
                guard buffer.append(text[index]) else { return false }
                index += 1
                continue
            }
            guard let value = scalar(text, &index), let scalar = Unicode.Scalar(value) else {
                return false
            }
            for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                guard buffer.append(unit) else { return false }
            }
        }
        return true
    }

    /// Has a string's characters, escapes resolved, looked through.
    ///
    /// Half of a surrogate pair counts as U+FFFD, as most parsers take it. The string may be cut off:
    /// what is left of an escape is not read.
    static func read(_ text: Span<UInt8>, _ range: Range<Int>, into scan: inout ContentScan) {
        var index = range.lowerBound
        while index < range.upperBound {
            let start = index
            while index < range.upperBound, text[index] != UInt8(ascii: "\\") { index += 1 }
            if index > start { scan.read(text.extracting(start..<index)) }
            let left = range.upperBound - index
            guard left >= 2, text[index + 1] != UInt8(ascii: "u") || left >= 6 else { return }
            scan.read(scalar(text, &index))
        }
    }

    /// The scalar that a byte or an escape stands for; the scanner has seen that it is well formed.
    ///
    /// - Returns: nil for half of a surrogate pair.
    private static func scalar(_ text: Span<UInt8>, _ index: inout Int) -> UInt32? {
        let byte = text[index]
        index += 1
        guard byte == UInt8(ascii: "\\") else { return UInt32(byte) }
        let letter = text[index]
        index += 1
        switch letter {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: return UInt32(letter)
        }
        guard let unit = fourDigits(text, index) else { return nil }
        index += 4
        guard unit >= 0xD800 && unit <= 0xDFFF else { return unit }
        // A pair: the high half first.
        guard
            unit <= 0xDBFF, text.count - index >= 6, text[index] == UInt8(ascii: "\\"),
            text[index + 1] == UInt8(ascii: "u"), let low = fourDigits(text, index + 2),
            low >= 0xDC00 && low <= 0xDFFF
        else { return nil }
        index += 6
        return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
    }

    private static func fourDigits(_ text: Span<UInt8>, _ start: Int) -> UInt32? {
        guard text.count - start >= 4 else { return nil }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = Text.hexDigit(text[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
