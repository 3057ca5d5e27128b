package import TollgateCore

/// The journal's record of requests that presented no key that is known: one for all that came from
/// one source in one minute, and were denied for the same reason.
///
/// Shape behind length and type, all numbers little-endian: reason (1), flags (1), client address
/// (16), how many (8), when the first and the last of them came (8 each, in milliseconds).
package enum RefusalRecord {
    /// The type byte of these.
    package static let type: UInt8 = 5

    private static let hasAddress: UInt8 = 1 << 0
    private static let isMixed: UInt8 = 1 << 1
    static let lengthLimit = 3 + 2 + 16 + 3 * 8

    /// Appends a record to a block; false when the block is full.
    static func write(
        _ source: StrangerCounts.Source,
        _ crowd: AuditEntry.Crowd,
        to block: inout JournalBlock
    ) -> Bool {
        guard let start = block.beginRecord(type, lengthLimit: lengthLimit) else { return false }
        block.write(source.reason.rawValue)
        block.write(
            (source.address == nil ? 0 : hasAddress) | (crowd.isMixed ? isMixed : 0)
        )
        block.write(source.address?.bits ?? 0)
        block.write(crowd.count)
        block.write(crowd.first.milliseconds)
        block.write(crowd.last.milliseconds)
        block.endRecord(startedAt: start)
        return true
    }

    /// The reason of a record, read without anything else.
    package static func reason(of record: Span<UInt8>) throws(StorageError) -> Reason {
        var reader = try RecordReader(record, type: type, "a refusal record")
        guard let reason = Reason(rawValue: try reader.number()) else { throw reader.damage }
        return reason
    }

    /// How many requests a record stands for, read without anything else.
    package static func count(of record: Span<UInt8>) throws(StorageError) -> UInt64 {
        var reader = try RecordReader(record, type: type, "a refusal record")
        _ = try reader.number(UInt16.self)
        _ = try reader.number(UInt128.self)
        return try reader.number()
    }

    /// Reads a record back.
    ///
    /// - Parameters:
    ///   - record: the whole record, with length and type.
    ///   - time: that of the record's block.
    ///   - place: where in the journal the record is.
    /// - Returns: the row that the audit log shows.
    /// - Throws: `.corrupt` when the record makes no sense.
    package static func read(
        _ record: Span<UInt8>,
        time: WallTime,
        place: AuditPlace
    ) throws(StorageError) -> AuditEntry {
        var reader = try RecordReader(record, type: type, "a refusal record")
        guard let reason = Reason(rawValue: try reader.number()) else { throw reader.damage }
        let flags = try reader.number(UInt8.self)
        let bits: UInt128 = try reader.number()
        var entry = AuditEntry(place: place, time: time, reason: reason)
        if flags & hasAddress != 0 { entry.clientIP = IPAddress(bits: bits) }
        entry.crowd = AuditEntry.Crowd(
            count: try reader.number(),
            first: WallTime(milliseconds: try reader.number()),
            last: WallTime(milliseconds: try reader.number()),
            isMixed: flags & isMixed != 0
        )
        try reader.end()
        return entry
    }
}
