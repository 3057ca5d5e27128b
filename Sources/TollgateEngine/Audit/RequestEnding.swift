package import TollgateCore

/// How an allowed request ended, and what it really used, as its settlement is recorded.
package struct RequestEnding: Equatable, Sendable {
    package var reservation: ReservationID
    package var ending: Settlement.Ending
    /// Whether it was reported as cancelled.
    package var isCancelled = false
    /// When it ended.
    package var time: WallTime
    /// What was reported; nothing unless somebody did.
    package var tokens = TokenCounts(input: 0, output: 0)
    /// What counts on all limits from then on.
    package var used: Amounts
    /// The HTTP status of the service behind the proxy; 0 when it is not known.
    package var status: UInt16 = 0
    /// In milliseconds.
    package var latency: UInt32 = 0

    package init(
        _ ending: Settlement.Ending,
        of reservation: ReservationID,
        time: WallTime,
        used: Amounts
    ) {
        self.ending = ending
        self.reservation = reservation
        self.time = time
        self.used = used
    }

    /// Whether nothing can come after it: an expired hold may still be settled late.
    package var isFinal: Bool { ending != .expired }
}

/// What a settlement's record says for the audit trail.
package struct RecordedEnding: Sendable {
    package var key: KeyID
    /// When the request was allowed.
    package var chargedAt: WallTime
    package var ending: RequestEnding
    /// What the ending adds to what had been used before: all of it, unless an expiry counted first.
    package var added: Amounts
    /// Whether the record says what was billed in the place of what was asked for.
    package var isBilledOtherwise = false
}

extension SettlementRecord {
    /// Reads what the audit trail shows of a settlement.
    ///
    /// - Parameters:
    ///   - record: the whole record, with length and type.
    ///   - time: that of the record's block.
    /// - Returns: whose request it was, and how it ended.
    /// - Throws: `.corrupt` when the record makes no sense.
    package static func ending(
        of record: Span<UInt8>,
        time: WallTime
    ) throws(StorageError) -> RecordedEnding {
        var reader = try RecordReader(record, type: type, "a settlement record")
        guard let ending = Settlement.Ending(rawValue: try reader.number()) else {
            throw reader.damage
        }
        let reservation = ReservationID(rawValue: try reader.number())
        let key = KeyID(rawValue: try reader.number())
        let flags = try reader.number(UInt8.self)
        let chargedAt = WallTime(milliseconds: try reader.number())
        _ = try reader.number(Int64.self)
        _ = try reader.amounts()
        let counted = try reader.amounts()
        let used = try reader.amounts()
        let isOpen = flags & isOpenFlag != 0
        var request = RequestEnding(ending, of: reservation, time: time, used: used)
        request.isCancelled = flags & isCancelledFlag != 0
        try skipLevels(&reader)
        let input: UInt64 = try reader.number()
        let output: UInt64 = try reader.number()
        request.tokens = TokenCounts(
            input: input,
            cachedInput: try reader.number(),
            output: output
        )
        request.status = try reader.number()
        request.latency = try reader.number()
        // The lengths of four texts.
        let lengths: UInt64 = try reader.number()
        return RecordedEnding(
            key: key,
            chargedAt: chargedAt,
            ending: request,
            added: isOpen ? used : used - counted,
            isBilledOtherwise: lengths != 0
        )
    }

    /// The reservation that a settlement ends, read without anything else.
    ///
    /// - Throws: `.corrupt` when the record is too short for it.
    package static func reservation(
        of record: Span<UInt8>
    ) throws(StorageError) -> ReservationID {
        var reader = try RecordReader(record, type: type, "a settlement record")
        _ = try reader.number(UInt8.self)
        return ReservationID(rawValue: try reader.number())
    }
}
