internal import TollgateCore
internal import TollgateEngine

/// A decision as a test writes it.
struct Decision {
    var reason = Reason.allowed
    var keyID: KeyID?
    var isWatched = false
    var model = "gpt-4o"
    var region = "EU"
    var requestID = ""
    var tokens: UInt64 = 0
    var reservation: UInt128 = 0
    var metadata: [AuditEntry.Pair] = []
}

/// Writes journal blocks byte by byte, as their format is documented, and not with the code that the
/// engine writes them with.
enum BlockBuilder {
    /// A block of decisions alone.
    static func block(at time: Int64, _ decisions: [Decision]) -> [UInt8] {
        block(at: now(time), decisions.map(record))
    }

    /// A block of records.
    static func block(at time: Now, _ records: [[UInt8]]) -> [UInt8] {
        [2] + littleEndian(UInt64(bitPattern: time.wall.milliseconds), 8)
            + littleEndian(UInt64(records.count), 4)
            + littleEndian(UInt64(bitPattern: time.monotonic.nanoseconds), 8)
            + records.flatMap { $0 }
    }

    /// Both clocks at so many milliseconds.
    static func now(_ milliseconds: Int64) -> Now {
        Now(
            wall: WallTime(milliseconds: milliseconds),
            monotonic: MonotonicTime(nanoseconds: milliseconds &* 1_000_000)
        )
    }

    static func record(_ decision: Decision) -> [UInt8] {
        let texts = [decision.model, decision.region, "", "", "", "", decision.requestID]
        let pairs = decision.metadata.flatMap { pair in
            [pair.key, pair.value].flatMap { text in
                [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
            }
        }
        let flags: UInt8 = (decision.keyID == nil ? 0 : 1) | (decision.isWatched ? 4 : 0)
        var body: [UInt8] = [1, decision.reason.rawValue, flags]
        body += wide(decision.keyID?.rawValue ?? 0) + wide(decision.reservation) + wide(0)
        body += littleEndian(decision.tokens, 8) + littleEndian(0, 8)
        for text in texts { body += littleEndian(UInt64(text.utf8.count), 2) }
        body += littleEndian(UInt64(pairs.count), 2)
        // What was reserved, why it would have been denied, the limit and its level.
        body += littleEndian(0, 8) + [0, 0, 0]
        for text in texts { body += Array(text.utf8) }
        return length(body + pairs)
    }

    /// A record of what an administrator has done.
    static func action(_ action: ManagementAction) -> [UInt8] {
        var body: [UInt8] = [4, action.actor == nil ? 0 : 1] + wide(action.actor?.rawValue ?? 0)
        body += [UInt8(action.name.utf8.count)] + littleEndian(UInt64(action.target.utf8.count), 2)
        body += [UInt8(action.fields.count)] + action.fields.map { UInt8($0.utf8.count) }
        for text in [action.name, action.target] + action.fields { body += Array(text.utf8) }
        return length(body)
    }

    /// A record of strangers' requests.
    static func refusals(
        _ reason: Reason,
        from address: IPAddress?,
        _ crowd: AuditEntry.Crowd
    ) -> [UInt8] {
        var body: [UInt8] = [5, reason.rawValue]
        body += [(address == nil ? 0 : 1) | (crowd.isMixed ? 2 : 0)] + wide(address?.bits ?? 0)
        body += littleEndian(crowd.count, 8) + signed(crowd.first.milliseconds)
        return length(body + signed(crowd.last.milliseconds))
    }

    /// A record of a type that nobody knows.
    static func unknownRecord() -> [UInt8] { length([77, 1, 2, 3]) }

    /// Puts the length in front.
    static func length(_ body: [UInt8]) -> [UInt8] {
        littleEndian(UInt64(body.count + 2), 2) + body
    }

    static func littleEndian(_ number: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }

    /// A count in as few bytes as it needs.
    static func varint(_ number: UInt64) -> [UInt8] {
        number < 0x80
            ? [UInt8(number)]
            : [UInt8(truncatingIfNeeded: number) | 0x80] + varint(number >> 7)
    }

    static func signed(_ number: Int64) -> [UInt8] {
        littleEndian(UInt64(bitPattern: number), 8)
    }

    static func wide(_ number: UInt128) -> [UInt8] {
        littleEndian(UInt64(truncatingIfNeeded: number), 8)
            + littleEndian(UInt64(truncatingIfNeeded: number >> 64), 8)
    }
}
