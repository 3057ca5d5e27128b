package import TollgateCore

/// The journal's record of how a hold ended, and what was really used.
///
/// Shape behind length and type, all numbers little-endian: ending (1), reservation (16), key (16),
/// flags (1: the hold was open, 2: reported as cancelled), when it was charged (8 wall in milliseconds, 8 monotonic in
/// nanoseconds), held, counted until now and used (3 times 8 each), number of levels (1), then for
/// each level: its head (1: the level in the lowest two bits, then whether a rate of tokens was
/// charged), subject (16), windows (4 times 4) and, if it was, what that refills (8); then input, output and cached input
/// tokens (8 each), upstream status (2), latency in milliseconds (4), length of each text (2 each,
/// in the order of `Settlement.Field`), the texts.
package enum SettlementRecord {
    /// The type byte of settlements.
    package static let type: UInt8 = 2

    static let isOpenFlag: UInt8 = 1 << 0
    static let isCancelledFlag: UInt8 = 1 << 1
    private static let hasRefill: UInt8 = 1 << 2

    /// From the ending to what was used.
    private static let chargeLength = 1 + 32 + 1 + 16 + 72
    private static let levelLimit = 1 + 16 + 16 + 8
    /// Tokens, status and latency.
    static let reportLength = 24 + 6
    private static let textCount = 4
    static let lengthLimit =
        3 + chargeLength + 1 + 4 * levelLimit + reportLength + 2 * textCount
        + textCount * Settlement.textLimit

    /// Appends the end of a hold to a block.
    ///
    /// - Parameters:
    ///   - hold: the hold as it was until now.
    ///   - ending: how it ends.
    ///   - used: what counts from now on.
    ///   - settlement: what was reported.
    ///   - block: where the record goes.
    /// - Returns: whether there was room.
    static func write(
        _ hold: LedgerHold,
        _ ending: Settlement.Ending,
        used: Amounts,
        _ settlement: borrowing Settlement,
        to block: inout JournalBlock
    ) -> Bool {
        guard let start = block.beginRecord(type, lengthLimit: lengthLimit) else { return false }
        block.write(ending.rawValue)
        block.write(hold.reservation.rawValue)
        block.write(hold.key.rawValue)
        block.write(
            (hold.isOpen ? isOpenFlag : 0) | (settlement.isCancelled ? isCancelledFlag : 0)
        )
        block.write(hold.hold.chargedAt.wall.milliseconds)
        block.write(hold.hold.chargedAt.monotonic.nanoseconds)
        block.write(hold.isOpen ? hold.hold.amounts : .zero)
        block.write(hold.counted)
        block.write(used)
        var levels: UInt8 = 0
        for level in 0..<4 where hold.subjects[level].rawValue != 0 { levels += 1 }
        block.write(levels)
        for level in 0..<4 where hold.subjects[level].rawValue != 0 {
            let refill = hold.hold.refills[level]
            block.write(refill == 0 ? UInt8(level) : UInt8(level) | hasRefill)
            block.write(hold.subjects[level].rawValue)
            block.write(hold.hold.windows[level])
            if refill != 0 { block.write(refill) }
        }
        block.write(settlement.tokens.input)
        block.write(settlement.tokens.output)
        block.write(settlement.tokens.cachedInput)
        block.write(settlement.status)
        block.write(settlement.latency)
        for text in 0..<textCount { block.write(settlement.lengths[text]) }
        block.write(settlement.text.bytes)
        block.endRecord(startedAt: start)
        return true
    }

    /// What a settlement does to the ledger.
    package struct Effect: Sendable {
        package let ending: Settlement.Ending
        package let reservation: ReservationID
        package let key: KeyID
        package let used: Amounts
    }

    /// Reads a settlement back, and counts it.
    ///
    /// - Parameters:
    ///   - record: the whole record, with length and type.
    ///   - time: that of the record's block.
    ///   - count: what changes the counters of a subject.
    /// - Returns: which hold has ended, and how.
    /// - Throws: `.corrupt` when the record makes no sense, or what `count` throws.
    package static func replay(
        _ record: Span<UInt8>,
        at time: Now,
        count: (SubjectID, (inout Counters) -> Void) throws(StorageError) -> Void
    ) throws(StorageError) -> Effect {
        var reader = try RecordReader(record, type: type, "a settlement record")
        guard let ending = Settlement.Ending(rawValue: try reader.number()) else {
            throw reader.damage
        }
        let reservation = ReservationID(rawValue: try reader.number())
        let key = KeyID(rawValue: try reader.number())
        let isOpen = try reader.number(UInt8.self) & isOpenFlag != 0
        _ = try reader.number(Int64.self)
        var charge = SettledCharge(
            held: .zero,
            counted: .zero,
            used: .zero,
            isOpen: isOpen,
            chargedAt: MonotonicTime(nanoseconds: try reader.number()),
            windows: .none,
            refill: 0
        )
        charge.held = try reader.amounts()
        charge.counted = try reader.amounts()
        charge.used = try reader.amounts()
        for _ in 0..<(try reader.number(UInt8.self)) {
            let level = try level(&reader)
            charge.windows = level.windows
            charge.refill = level.refill
            try count(level.subject) { $0.settle(charge, at: time.monotonic) }
        }
        return Effect(ending: ending, reservation: reservation, key: key, used: charge.used)
    }

    private struct Level {
        let subject: SubjectID
        let windows: WindowIDs
        let refill: UInt64
    }

    private static func level(_ reader: inout RecordReader) throws(StorageError) -> Level {
        let head = try reader.number(UInt8.self)
        guard LimitLevel(rawValue: head & ~hasRefill) != nil else { throw reader.damage }
        return Level(
            subject: SubjectID(rawValue: try reader.number()),
            windows: try reader.windows(),
            refill: head & hasRefill == 0 ? 0 : try reader.number()
        )
    }

    /// Passes over the levels.
    static func skipLevels(_ reader: inout RecordReader) throws(StorageError) {
        for _ in 0..<(try reader.number(UInt8.self)) { _ = try level(&reader) }
    }

    /// Passes over what comes before the levels.
    static func skipCharge(_ reader: inout RecordReader) throws(StorageError) {
        try reader.skip(chargeLength)
    }

    /// Calls with each subject that a settlement counts on.
    static func forEachSubject(
        of record: Span<UInt8>,
        _ body: (SubjectID) -> Void
    ) throws(StorageError) {
        var reader = try RecordReader(record, type: type, "a settlement record")
        try skipCharge(&reader)
        for _ in 0..<(try reader.number(UInt8.self)) {
            body(try level(&reader).subject)
        }
    }
}
