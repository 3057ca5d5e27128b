/// Percent-encoding as RFC 3986 section 2.1 has it.
enum PercentEncoding {
    /// The text that was encoded.
    ///
    /// - Parameters:
    ///   - text: a part of a path or a query.
    ///   - plusIsSpace: whether `+` stands for a space, as it does in forms.
    /// - Returns: nil when it is not percent-encoded UTF-8.
    static func decode(_ text: Substring.UTF8View, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard
                    let high = rest.popFirst(), let low = rest.popFirst(),
                    let upper = Character(Unicode.Scalar(high)).hexDigitValue,
                    let lower = Character(Unicode.Scalar(low)).hexDigitValue
                else { return nil }
                bytes.append(UInt8(truncatingIfNeeded: upper << 4 | lower))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A text as a part of a path or of a query: all but letters, digits and `-._~` is encoded.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                byte < 0x80 && scalar.properties.isAlphabetic
                || "-._~0123456789".unicodeScalars.contains(scalar)
            if isPlain {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
