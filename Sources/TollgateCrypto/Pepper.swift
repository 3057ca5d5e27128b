internal import COpenSSL

/// The secret under which the secrets of keys are digested: 32 random bytes, kept outside the
/// database, so that a stolen database says nothing about any key.
///
/// It cannot be copied or printed, and is overwritten when it is given up.
package struct Pepper: ~Copyable {
    /// How many bytes a pepper has.
    package static let byteCount = 32

    let memory: SecretMemory

    /// A new pepper.
    package static func generate() throws(CryptoError) -> Pepper {
        let memory = try SecretMemory(count: byteCount)
        try SecureRandom.fill(memory)
        return Pepper(owning: memory)
    }

    init(owning memory: consuming SecretMemory) {
        precondition(memory.count == Pepper.byteCount)
        self.memory = memory
    }

    /// The pepper of these bytes, which remain the caller's to overwrite.
    package init(bytes: Span<UInt8>) throws(CryptoError) {
        guard bytes.count == Pepper.byteCount else {
            throw CryptoError(.pepper, "a pepper has 32 bytes, not \(bytes.count)")
        }
        let memory = try SecretMemory(count: Pepper.byteCount)
        for index in 0..<bytes.count {
            memory.base.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self)
        }
        self.init(owning: memory)
    }

    /// The pepper that a text spells: 64 hexadecimal digits, or base64 in either alphabet with or
    /// without padding.
    ///
    /// The text itself stays in memory, as an environment variable does anyway.
    package init(text: String) throws(CryptoError) {
        let memory = try SecretMemory(count: Pepper.byteCount)
        let isDecoded =
            text.utf8.count == 2 * Pepper.byteCount
            ? Pepper.decodeHexadecimal(text.utf8, into: memory)
            : Pepper.decodeBase64(text.utf8, into: memory)
        guard isDecoded else {
            throw CryptoError(
                .pepper,
                "a pepper is written as 64 hexadecimal digits or as 32 bytes in base64"
            )
        }
        self.init(owning: memory)
    }

    /// The 32 bytes.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let start = UnsafePointer(memory.base.assumingMemoryBound(to: UInt8.self))
            let span = Span(_unsafeStart: start, count: Pepper.byteCount)
            return _overrideLifetime(span, borrowing: self)
        }
    }

    private static func decodeHexadecimal(
        _ text: String.UTF8View,
        into memory: borrowing SecretMemory
    ) -> Bool {
        for (place, character) in text.enumerated() {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x41...0x46: digit = character - 0x41 + 10
            case 0x61...0x66: digit = character - 0x61 + 10
            default: return false
            }
            let target = memory.base.assumingMemoryBound(to: UInt8.self) + place / 2
            target.pointee = target.pointee << 4 | digit
        }
        return true
    }

    /// Decodes base64 (RFC 4648 sections 4 and 5) of exactly 32 bytes: 43 digits, perhaps one `=`.
    private static func decodeBase64(
        _ text: String.UTF8View,
        into memory: borrowing SecretMemory
    ) -> Bool {
        let digits =
            text.count == 44 && text.last == UInt8(ascii: "=") ? text.dropLast() : text[...]
        guard digits.count == 43 else { return false }
        let target = memory.base.assumingMemoryBound(to: UInt8.self)
        var bits: UInt32 = 0
        var bitCount = 0
        var filled = 0
        for character in digits {
            guard let digit = base64Digit(character) else { return false }
            bits = bits << 6 | digit
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            target[filled] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
            filled += 1
        }
        // Section 3.5: the two bits behind the last byte are zero, or it is not what it seems.
        return filled == byteCount && bits & 0b11 == 0
    }

    private static func base64Digit(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 0x61 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
