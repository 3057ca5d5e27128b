internal import TollgateCore

/// Takes a secret out of a header.
enum Credential {
    /// The secret in a header's value; empty when it holds none.
    ///
    /// - Parameters:
    ///   - value: what the client sent.
    ///   - isBearer: whether the value must name the scheme `Bearer` (RFC 6750 section 2.1); other
    ///     schemes carry no key of ours.
    /// - Returns: the secret without the spaces around it.
    @_lifetime(copy value)
    static func secret(_ value: Span<UInt8>, isBearer: Bool) -> Span<UInt8> {
        var start = 0
        var end = value.count
        while end > start, isSpace(value[end - 1]) { end -= 1 }
        while start < end, isSpace(value[start]) { start += 1 }
        if isBearer {
            let scheme: StaticString = "bearer"
            let length = scheme.utf8CodeUnitCount
            guard end - start > length, isSpace(value[start + length]) else {
                return value.extracting(0..<0)
            }
            for index in 0..<length
            where Text.lowercase(value[start + index]) != scheme.utf8Start[index] {
                return value.extracting(0..<0)
            }
            start += length
            while start < end, isSpace(value[start]) { start += 1 }
        }
        return value.extracting(start..<end)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }
}
