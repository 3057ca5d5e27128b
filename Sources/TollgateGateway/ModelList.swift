internal import TollgateCore
internal import TollgateWire

/// Tells a proxy which models a key may call, so that it can filter a list of them.
///
/// `gpt-4o*,!gpt-4o-audio*;*-mini`: a model is shown when it passes every rule, which are separated by
/// `;`. It passes a rule that has no pattern standing for it behind a `!`, and has one without, unless
/// it has none without at all. `*` stands for any run of characters; capitals and small letters are
/// alike. `*` alone shows all. Bytes that are no letters, digits, or one of `-._~:/@+` are
/// percent-encoded (RFC 3986 section 2.1).
enum ModelList {
    /// The longest list, in bytes: proxies have little room for headers.
    static let lengthLimit = 2048

    /// Writes what a filter lets through; a list that is too long shows none.
    static func write(_ filter: ModelFilter, to buffer: inout OutputBuffer) {
        let start = buffer.count
        for rule in filter.rules {
            if buffer.count > start { buffer.append(UInt8(ascii: ";")) }
            guard write(rule, upTo: start + lengthLimit, to: &buffer) else {
                buffer.truncate(to: start)
                buffer.append("!*")
                return
            }
        }
        if buffer.count == start { buffer.append("*") }
    }

    /// Writes one rule; false when it is too long.
    private static func write(
        _ rule: NameRule,
        upTo end: Int,
        to buffer: inout OutputBuffer
    ) -> Bool {
        let start = buffer.count
        func append(_ patterns: [Pattern], _ mark: StaticString) -> Bool {
            for pattern in patterns {
                if buffer.count > start { buffer.append(UInt8(ascii: ",")) }
                buffer.append(mark)
                write(pattern, to: &buffer)
                if buffer.count > end { return false }
            }
            return true
        }
        return append(rule.allowed, "") && append(rule.denied, "!")
    }

    private static func write(_ pattern: Pattern, to buffer: inout OutputBuffer) {
        for byte in pattern.text.utf8 {
            if byte == UInt8(ascii: "*") || isPlain(byte) {
                buffer.append(byte)
            } else {
                PercentEncoding.encode(byte, to: &buffer)
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "/"),
            UInt8(ascii: "@"), UInt8(ascii: "+"):
            true
        default: false
        }
    }
}
