internal import HTTPTypes

/// What tells a request from all others in logs: an id of its own, and the trace that it is part of.
///
/// Both come from the caller when they are well-formed, and go into logs: what is not is not repeated.
struct RequestTrace: Equatable, Sendable {
    private static let idHeader = HTTPField.Name("x-request-id")
    private static let traceHeader = HTTPField.Name("traceparent")
    private static let idLimit = 128

    /// The caller's `x-request-id`, or a new one.
    let id: String
    /// The id of the trace, 32 hexadecimal digits; nil when the caller named none.
    let traceID: String?

    /// Reads the headers of a request.
    init(_ headers: HTTPFields) {
        let sent = RequestTrace.idHeader.flatMap { headers[$0] }
        id = sent.flatMap { RequestTrace.isSane($0) ? $0 : nil } ?? RequestTrace.newID()
        traceID = RequestTrace.traceHeader
            .flatMap { headers[$0] }
            .flatMap { RequestTrace.traceID(in: $0) }
    }

    /// Adds the id to the headers of the answer.
    func mark(_ headers: inout HTTPFields) {
        if let name = RequestTrace.idHeader { headers[name] = id }
    }

    /// Whether an id is one: up to 128 letters, digits and `-._:`.
    private static func isSane(_ id: String) -> Bool {
        (1...idLimit).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }

    private static func newID() -> String {
        hexadecimal(UInt64.random(in: .min ... .max))
            + hexadecimal(UInt64.random(in: .min ... .max))
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The trace's id in a `traceparent` (W3C Trace Context, section 3.2); nil when it is malformed.
    ///
    /// Later versions may have more behind the flags, and are read like the first.
    private static func traceID(in header: String) -> String? {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
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
