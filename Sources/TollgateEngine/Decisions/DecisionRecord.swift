package import TollgateCore

/// The journal's record of one decision.
///
/// Shape behind length and type, all numbers little-endian: reason (1), flags (1), key id (16),
/// reservation (16), client address (16), tokens (8), input tokens (8), length of each text (2
/// each, in the order of `CheckRequest.Field`), length of the metadata (2), reserved cost in
/// nano-USD (8), why it would have been denied (1), the limit that denied it (1) and its level (1),
/// the texts, the metadata, and the key's content rules that were found (8), when any was.
package enum DecisionRecord {
    /// The type byte of decisions.
    package static let type: UInt8 = 1

    private static let hasKey: UInt8 = 1 << 0
    private static let hasAddress: UInt8 = 1 << 1
    private static let isWatched: UInt8 = 1 << 2
    private static let isUnusual: UInt8 = 1 << 3
    private static let hasFound: UInt8 = 1 << 4

    private static let fixedLength = 3 + 2 + 16 * 3 + 8 * 2 + 2 * 8 + 8 + 3
    private static let textLimit = CheckRequest.Field.allCases.reduce(0) { $0 + $1.limit }
    static let lengthLimit = fixedLength + textLimit + CheckRequest.metadataLimit + 8

    /// Appends a decision to a block; false when the block is full.
    static func write(
        _ verdict: Verdict,
        on request: borrowing CheckRequest,
        to block: inout JournalBlock
    ) -> Bool {
        guard let start = block.beginRecord(type, lengthLimit: lengthLimit) else { return false }
        block.write(verdict.reason.rawValue)
        block.write(
            (verdict.keyID == nil ? 0 : hasKey) | (request.clientIP == nil ? 0 : hasAddress)
                | (verdict.isWatched ? isWatched : 0) | (verdict.isUnusual ? isUnusual : 0)
                | (verdict.found == 0 ? 0 : hasFound)
        )
        block.write(verdict.keyID?.rawValue ?? 0)
        block.write(verdict.reservation.rawValue)
        block.write(request.clientIP?.bits ?? 0)
        block.write(request.tokens)
        block.write(request.inputTokens)
        for field in 0..<request.ranges.count { block.write(request.ranges[field].count) }
        block.write(UInt16(truncatingIfNeeded: request.metadata.count))
        block.write(verdict.charge?.amounts.cost ?? 0)
        block.write(verdict.monitored.rawValue)
        block.write(verdict.limit?.limit.rawValue ?? 0)
        block.write(verdict.limit?.level.rawValue ?? 0)
        for field in 0..<request.ranges.count {
            block.write(request.text.bytes(in: request.ranges[field]))
        }
        block.write(request.metadata.bytes)
        if verdict.found != 0 { block.write(verdict.found) }
        block.endRecord(startedAt: start)
        return true
    }

    /// What filters and indexes need of a decision, read without its texts.
    package struct Outline: Sendable {
        package let reason: Reason
        package let keyID: KeyID?
        /// Whether somebody is to be told when the key comes near one of its limits.
        package let isWatched: Bool
        /// Whether the request was unlike what the key is used for.
        package let isUnusual: Bool
        /// The rules of the key that were found in the request's content, a bit for each.
        package let found: UInt64
    }

    /// Reads what filters and indexes need.
    ///
    /// - Throws: `.corrupt` when the record is no decision.
    package static func outline(of record: Span<UInt8>) throws(StorageError) -> Outline {
        guard
            record.count >= fixedLength, record.littleEndian(at: 0, width: 2) == record.count,
            record[2] == type, let reason = Reason(rawValue: record[3]),
            record[4] & ~(hasKey | hasAddress | isWatched | isUnusual | hasFound) == 0
        else { throw StorageError(.corrupt, "a decision record that is not one") }
        return Outline(
            reason: reason,
            keyID: record[4] & hasKey != 0 ? KeyID(rawValue: wide(record, 5)) : nil,
            isWatched: record[4] & isWatched != 0,
            isUnusual: record[4] & isUnusual != 0,
            found: record[4] & hasFound != 0
                ? record.littleEndian(at: record.count - 8, width: 8) : 0
        )
    }

    /// The reservation of a decision whose outline was read; `.none` unless it allowed.
    package static func reservation(of record: Span<UInt8>) -> ReservationID {
        ReservationID(rawValue: record.count >= fixedLength ? wide(record, 21) : 0)
    }

    /// The limit that denied a request whose outline was read; nil when it was none.
    ///
    /// - Throws: `.corrupt` when it is none that there is.
    static func limit(of record: Span<UInt8>) throws(StorageError) -> AuditEntry.LimitPlace? {
        guard record.count >= fixedLength else { throw uneven() }
        guard record[94] != 0 else {
            guard record[95] == 0 else { throw uneven() }
            return nil
        }
        guard
            let name = LimitName(rawValue: record[94]),
            let level = LimitLevel(rawValue: record[95])
        else { throw uneven() }
        return AuditEntry.LimitPlace(name: name, level: level)
    }

    /// The text of the model, empty when there was none.
    ///
    /// - Throws: `.corrupt` when the record is too short for it.
    @_lifetime(copy record)
    package static func model(of record: Span<UInt8>) throws(StorageError) -> Span<UInt8> {
        guard record.count >= fixedLength else { throw uneven() }
        let length = Int(record.littleEndian(at: 69, width: 2))
        guard length <= record.count - fixedLength else { throw uneven() }
        return record.extracting(fixedLength..<fixedLength + length)
    }

    /// Reads a decision back.
    ///
    /// - Parameters:
    ///   - record: the whole record, with length and type.
    ///   - time: that of the record's block.
    ///   - place: where in the journal the record is.
    /// - Returns: the decision as the audit log shows it.
    /// - Throws: `.corrupt` when the lengths do not add up, a number is not known, or a text is not
    ///   one.
    package static func read(
        _ record: Span<UInt8>,
        time: WallTime,
        place: AuditPlace
    ) throws(StorageError) -> AuditEntry {
        let outline = try outline(of: record)
        let flags = record[4]
        var entry = AuditEntry(place: place, time: time, reason: outline.reason)
        entry.keyID = outline.keyID
        entry.reservation = ReservationID(rawValue: wide(record, 21))
        if flags & hasAddress != 0 { entry.clientIP = IPAddress(bits: wide(record, 37)) }
        entry.tokens = record.littleEndian(at: 53, width: 8)
        entry.inputTokens = record.littleEndian(at: 61, width: 8)
        entry.reservedCost = Money(
            nanos: Int64(truncatingIfNeeded: record.littleEndian(at: 85, width: 8))
        )
        guard let monitored = Reason(rawValue: record[93]) else { throw uneven() }
        entry.monitored = monitored
        entry.isUnusual = outline.isUnusual
        entry.found = outline.found
        entry.limit = try limit(of: record)
        var index = fixedLength
        for field in CheckRequest.Field.allCases {
            let length = Int(record.littleEndian(at: 69 + 2 * Int(field.rawValue), width: 2))
            guard length <= record.count - index else { throw uneven() }
            entry[field] = try text(record.extracting(index..<index + length))
            index += length
        }
        let metadataLength = Int(record.littleEndian(at: 83, width: 2))
        let end = record.count - (flags & hasFound != 0 ? 8 : 0)
        guard metadataLength == end - index else { throw uneven() }
        entry.metadata = try pairs(record.extracting(index..<end))
        return entry
    }

    private static func pairs(
        _ bytes: Span<UInt8>
    ) throws(StorageError) -> [AuditEntry.Pair] {
        var pairs: [AuditEntry.Pair] = []
        var parts: [String] = []
        var index = 0
        while index < bytes.count {
            guard bytes.count - index >= 2 else { throw uneven() }
            let length = Int(bytes[index]) << 8 | Int(bytes[index + 1])
            index += 2
            guard length <= bytes.count - index else { throw uneven() }
            parts.append(try text(bytes.extracting(index..<index + length)))
            index += length
        }
        guard parts.count.isMultiple(of: 2) else { throw uneven() }
        for place in stride(from: 0, to: parts.count, by: 2) {
            pairs.append(AuditEntry.Pair(key: parts[place], value: parts[place + 1]))
        }
        return pairs
    }

    private static func uneven() -> StorageError {
        StorageError(.corrupt, "a decision record whose lengths do not add up")
    }

    private static func wide(_ bytes: Span<UInt8>, _ start: Int) -> UInt128 {
        UInt128(bytes.littleEndian(at: start + 8, width: 8)) << 64
            | UInt128(bytes.littleEndian(at: start, width: 8))
    }

    private static func text(_ bytes: Span<UInt8>) throws(StorageError) -> String {
        // Only texts are written, and a `String` would repair damage instead of showing it.
        guard Text.isValid(bytes) else {
            throw StorageError(.corrupt, "a decision record with a text that is not one")
        }
        return bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
