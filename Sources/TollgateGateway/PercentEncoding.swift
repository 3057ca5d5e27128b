internal import TollgateCore
internal import TollgateWire

/// The `%` and two hex digits of paths (RFC 3986 section 2.1).
enum PercentEncoding {
    /// Appends the bytes that a text stands for; a `%` without two hex digits stands for itself.
    ///
    /// - Returns: false when they do not fit.
    static func decode(_ text: Span<UInt8>, into buffer: inout TextBuffer) -> Bool {
        var index = 0
        while index < text.count {
            guard buffer.append(next(text, &index).byte) else { return false }
        }
        return true
    }

    /// Writes one byte as a `%` and two hex digits.
    static func encode(_ byte: UInt8, to buffer: inout OutputBuffer) {
        func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") - 10 + value
        }
        buffer.append(UInt8(ascii: "%"))
        buffer.append(digit(byte >> 4))
        buffer.append(digit(byte & 0xF))
    }

    /// Whether a path's segment means something else to those who decode it than it seems to.
    ///
    /// - Parameters:
    ///   - segment: what is between two slashes.
    ///   - isName: whether it is a name of the client's choice, in which letters and slashes may be
    ///     encoded.
    /// - Returns: whether letters, dots or slashes are encoded where no client needs to, or the
    ///   segment goes up or stays (`..`, `.`), which it may not even in a name.
    static func isDisguised(_ segment: Span<UInt8>, isName: Bool) -> Bool {
        var dots = 0
        var length = 0
        var index = 0
        while index < segment.count {
            let (byte, isEncoded) = next(segment, &index)
            let isSlash = byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
            if !isName {
                if isSlash || isEncoded && isLetterOrDot(byte) { return true }
            }
            // Some servers let parameters follow a segment behind a semicolon.
            if isSlash || byte == UInt8(ascii: ";") {
                if length == dots, dots == 1 || dots == 2 { return true }
                (dots, length) = (0, 0)
            } else {
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return length == dots && (dots == 1 || dots == 2)
    }

    private static func isLetterOrDot(_ byte: UInt8) -> Bool {
        let letter = Text.lowercase(byte)
        return letter >= 0x61 && letter <= 0x7A || byte == UInt8(ascii: ".")
    }

    /// The byte at a place, decoded, and the place behind it.
    private static func next(
        _ text: Span<UInt8>,
        _ index: inout Int
    ) -> (byte: UInt8, isEncoded: Bool) {
        let byte = text[index]
        index += 1
        guard
            byte == UInt8(ascii: "%"), index + 1 < text.count,
            let high = Text.hexDigit(text[index]), let low = Text.hexDigit(text[index + 1])
        else { return (byte, false) }
        index += 2
        return (high << 4 | low, true)
    }
}
