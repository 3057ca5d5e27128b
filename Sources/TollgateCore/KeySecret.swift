/// The format of the secrets that Tollgate issues.
///
/// `tg_<environment>_`, 27 base-62 characters that carry 160 random bits, and 6 that carry the
/// CRC-32 of everything before them. The checksum is no protection; it lets a typing error be
/// refused without a look-up, and leak scanners recognise a secret.
package enum KeySecret {
    /// What a presented text turned out to be.
    package enum Kind: Sendable {
        /// Written as we issue them, with the right checksum.
        case issued
        /// Written as we issue them, but the checksum is wrong: it was never a secret of ours.
        case mistyped
        /// Anything else, which may be an imported secret.
        case foreign
    }

    /// How many characters follow the environment's underscore.
    package static let bodyLength = 33
    private static let environmentLimit = 16

    /// Looks at the form of a presented text.
    package static func kind(of text: Span<UInt8>) -> Kind {
        let count = text.count
        guard
            count > bodyLength + 4, count <= bodyLength + 4 + environmentLimit,
            text[0] == UInt8(ascii: "t"), text[1] == UInt8(ascii: "g"),
            text[2] == UInt8(ascii: "_"), text[count - bodyLength - 1] == UInt8(ascii: "_")
        else { return .foreign }
        for index in 3..<count - bodyLength - 1 {
            let byte = text[index]
            guard byte >= 0x61 && byte <= 0x7A || byte >= 0x30 && byte <= 0x39 else {
                return .foreign
            }
        }
        // A character that is no digit further left cannot have the right checksum either.
        var written: UInt64 = 0
        for index in count - 6..<count {
            guard let digit = Base62.digit(of: text[index]) else { return .foreign }
            written = written * 62 + UInt64(digit)
        }
        let checksum = CRC32.checksum(of: text.extracting(0..<count - 6))
        return written == UInt64(checksum) ? .issued : .mistyped
    }

    /// Whether the text may stand between the underscores: 1 to 16 of `a-z`, `0-9`.
    package static func isEnvironment(_ text: String) -> Bool {
        (1...environmentLimit).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 }
    }

    /// Writes a new secret.
    ///
    /// - Parameters:
    ///   - environment: `live`, `test`, …; must satisfy `isEnvironment`.
    ///   - entropy: 256 random bits.
    /// - Returns: the secret's characters.
    package static func issue(environment: String, entropy: (UInt128, UInt128)) -> [UInt8] {
        precondition(isEnvironment(environment))
        var secret = Array("tg_\(environment)_".utf8)
        // The lower 13 and 14 digits of two 128-bit numbers: 160.8 bits, bias below 2^-44.
        secret += Base62.digits(of: entropy.0, width: 13)
        secret += Base62.digits(of: entropy.1, width: 14)
        secret += Base62.digits(of: UInt128(CRC32.checksum(of: secret.span)), width: 6)
        return secret
    }

    /// How a secret is shown once it may no longer be shown: its first and last characters.
    package static func masked(_ secret: Span<UInt8>) -> String {
        func text(_ range: Range<Int>) -> String {
            String(decoding: range.map { secret[$0] }, as: UTF8.self)
        }
        switch kind(of: secret) {
        case .issued:
            return text(0..<secret.count - bodyLength) + "…"
                + text(secret.count - 4..<secret.count)
        case .mistyped, .foreign:
            return secret.count >= 24 ? text(0..<4) + "…" : "…"
        }
    }
}

/// Digits, capitals and small letters, in this order.
package enum Base62 {
    private static let alphabet: StaticString =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    /// What a character stands for, nil when it is not a digit.
    @inline(__always)
    package static func digit(of character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x5A: character - 0x41 + 10
        case 0x61...0x7A: character - 0x61 + 36
        default: nil
        }
    }

    /// The lower digits of a number, so many of them, zeros in front.
    package static func digits(of number: UInt128, width: Int) -> [UInt8] {
        var number = number
        var digits = [UInt8](repeating: 0, count: width)
        for place in digits.indices.reversed() {
            digits[place] = alphabet.utf8Start[Int(number % 62)]
            number /= 62
        }
        return digits
    }
}

/// The CRC-32 of Ethernet, gzip and PNG (polynomial 0x04C11DB7, reflected).
package enum CRC32 {
    private static let table: [256 of UInt32] = {
        var table = [256 of UInt32](repeating: 0)
        for index in 0..<256 {
            var remainder = UInt32(index)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? 0xEDB8_8320 ^ (remainder >> 1) : remainder >> 1
            }
            table[index] = remainder
        }
        return table
    }()

    /// The checksum of some bytes.
    package static func checksum(of bytes: Span<UInt8>) -> UInt32 {
        var remainder = UInt32.max
        for index in 0..<bytes.count {
            let place = Int(truncatingIfNeeded: (remainder ^ UInt32(bytes[index])) & 0xFF)
            remainder = table[place] ^ (remainder >> 8)
        }
        return ~remainder
    }
}
