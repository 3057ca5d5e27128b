/// What tells a request from others in logs, as far as its caller says so.
///
/// It goes into lines that people and programs read: what is not well-formed is not repeated.
package enum LogIdentity {
    private static let idLimit = 128

    /// A caller's id of a request: up to 128 letters, digits and `-._:`; nil for anything else.
    package static func requestID(_ text: String) -> String? {
        let isSane = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        return isSane && (1...idLimit).contains(text.utf8.count) ? text : nil
    }

    /// The trace's id in a `traceparent` (W3C Trace Context, section 3.2), 32 hexadecimal digits; nil
    /// when it is malformed.
    ///
    /// Later versions may have more behind the flags, and are read like the first.
    package static func traceID(inTraceparent text: String) -> String? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0] != "00" || parts.count == 4 else { return nil }
        for (part, length) in zip(parts, [2, 32, 16, 2]) where !isHexadecimal(part, length) {
            return nil
        }
        let isEmpty = parts[1].allSatisfy { $0 == "0" } || parts[2].allSatisfy { $0 == "0" }
        return parts[0] == "ff" || isEmpty ? nil : String(parts[1])
    }

    private static func isHexadecimal(_ text: Substring, _ length: Int) -> Bool {
        text.utf8.count == length
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
