internal import TollgateCore
internal import TollgateEngine

/// A decision as a test writes it.
struct Decision {
    var reason = Reason.allowed
    var keyID: KeyID?
    var model = "gpt-4o"
    var region = "EU"
    var requestID = ""
    var tokens: UInt64 = 0
    var metadata: [AuditEntry.Pair] = []
}

/// Writes journal blocks byte by byte, as their format is documented, and not with the code that the
/// engine writes them with.
enum BlockBuilder {
    static func block(at time: Int64, _ decisions: [Decision]) -> [UInt8] {
        [1] + littleEndian(UInt64(bitPattern: time), 8)
            + littleEndian(UInt64(decisions.count), 4) + decisions.flatMap(record)
    }

    private static func record(_ decision: Decision) -> [UInt8] {
        let texts = [decision.model, decision.region, "", "", "", "", decision.requestID]
        let pairs = decision.metadata.flatMap { pair in
            [pair.key, pair.value].flatMap { text in
                [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
            }
        }
        var body: [UInt8] = [1, decision.reason.rawValue, decision.keyID == nil ? 0 : 1]
        let id = decision.keyID?.rawValue ?? 0
        body += littleEndian(UInt64(truncatingIfNeeded: id), 8)
        body += littleEndian(UInt64(truncatingIfNeeded: id >> 64), 8)
        body += [UInt8](repeating: 0, count: 32)
        body += littleEndian(decision.tokens, 8) + littleEndian(0, 8)
        for text in texts { body += littleEndian(UInt64(text.utf8.count), 2) }
        body += littleEndian(UInt64(pairs.count), 2)
        for text in texts { body += Array(text.utf8) }
        body += pairs
        return littleEndian(UInt64(body.count + 2), 2) + body
    }

    private static func littleEndian(_ number: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }
}
