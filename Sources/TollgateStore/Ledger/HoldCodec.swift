internal import TollgateCore
internal import TollgateEngine

/// A hold as the log of holds keeps it.
struct StoredHold: Equatable {
    var hold: LedgerHold
    /// When it expired, as far as is known; nil while it is open.
    var expiredAt: WallTime?
}

/// Writes and reads the entries of the log of holds.
///
/// A hold: length of the entry (2 bytes), reservation (16), flags (1), then compact numbers unless
/// said otherwise: held requests, tokens, cost, input tokens, when it was charged (8 wall, 8
/// monotonic), the three prices if it has one, what counts and when it expired if it has, levels
/// (1, a bit each; the upper four bits are those at which a rate of tokens was charged), and for each
/// level its subject (16), windows (4 times 4) and, if one was, what that refills.
enum HoldCodec {
    private static let isOpen: UInt8 = 1 << 0
    private static let hasPrice: UInt8 = 1 << 1
    private static let hasCachedPrice: UInt8 = 1 << 2

    /// Appends a hold.
    static func write(_ stored: StoredHold, to writer: inout ByteWriter) {
        let start = writer.count
        let hold = stored.hold.hold
        var flags: UInt8 = stored.hold.isOpen ? isOpen : 0
        if let price = hold.price {
            flags |= price.cachedInput == nil ? hasPrice : hasPrice | hasCachedPrice
        }
        writer.append(UInt16(0))
        writer.append(stored.hold.reservation.rawValue)
        writer.append(flags)
        writer.append(hold.amounts)
        writer.appendCompact(hold.inputTokens)
        writer.append(hold.chargedAt.wall.milliseconds)
        writer.append(hold.chargedAt.monotonic.nanoseconds)
        if let price = hold.price {
            writer.appendCompact(price.input)
            writer.appendCompact(price.output)
            if let cached = price.cachedInput { writer.appendCompact(cached) }
        }
        if !stored.hold.isOpen {
            writer.append(stored.hold.counted)
            writer.append((stored.expiredAt ?? hold.chargedAt.wall).milliseconds)
        }
        var levels: UInt8 = 0
        for level in 0..<4 where stored.hold.subjects[level].rawValue != 0 {
            levels |= 1 << UInt8(level)
            if hold.refills[level] != 0 { levels |= 1 << UInt8(level + 4) }
        }
        writer.append(levels)
        for level in 0..<4 where levels & 1 << UInt8(level) != 0 {
            writer.append(stored.hold.subjects[level].rawValue)
            for place in 0..<4 { writer.append(hold.windows[level].number(place)) }
            if hold.refills[level] != 0 { writer.appendCompact(hold.refills[level]) }
        }
        writer.replace(at: start, with: UInt16(truncatingIfNeeded: writer.count - start - 2))
    }

    /// The next hold of a row, not yet read.
    @_lifetime(copy reader)
    static func next(_ reader: inout ByteReader) throws(StorageError) -> Span<UInt8> {
        let length: UInt16 = try reader.number()
        return try reader.bytes(Int(length))
    }

    /// The outline of an entry, for those who ask only what it is.
    static func outline(
        _ entry: Span<UInt8>
    ) throws(StorageError) -> (reservation: ReservationID, isOpen: Bool) {
        var reader = ByteReader(entry, "a hold")
        let reservation = ReservationID(rawValue: try reader.number())
        let flags: UInt8 = try reader.number()
        return (reservation, flags & isOpen != 0)
    }

    /// Reads an entry.
    ///
    /// - Throws: `.corrupt` for everything that `write` does not write.
    static func read(_ entry: Span<UInt8>) throws(StorageError) -> StoredHold {
        var reader = ByteReader(entry, "a hold")
        let reservation = ReservationID(rawValue: try reader.number())
        let flags: UInt8 = try reader.number()
        guard
            flags & ~(isOpen | hasPrice | hasCachedPrice) == 0,
            flags & hasPrice != 0 || flags & hasCachedPrice == 0
        else { throw reader.damaged() }
        let hold = Hold(
            amounts: try reader.amounts(),
            inputTokens: try reader.compact(),
            chargedAt: Now(
                wall: WallTime(milliseconds: try reader.number()),
                monotonic: MonotonicTime(nanoseconds: try reader.number())
            ),
            windows: [4 of WindowIDs](repeating: .none),
            price: try price(&reader, flags)
        )
        var stored = StoredHold(hold: LedgerHold(reservation: reservation, hold: hold))
        if flags & isOpen == 0 {
            stored.hold.isOpen = false
            stored.hold.counted = try reader.amounts()
            stored.expiredAt = WallTime(milliseconds: try reader.number())
        }
        try readLevels(&reader, into: &stored.hold)
        guard reader.isAtEnd else { throw reader.damaged() }
        return stored
    }

    private static func readLevels(
        _ reader: inout ByteReader,
        into hold: inout LedgerHold
    ) throws(StorageError) {
        let levels: UInt8 = try reader.number()
        guard levels >> 4 & ~levels == 0 else { throw reader.damaged() }
        for level in 0..<4 where levels & 1 << UInt8(level) != 0 {
            hold.subjects[level] = SubjectID(rawValue: try reader.number())
            hold.hold.windows[level] = WindowIDs(
                hour: try reader.number(),
                day: try reader.number(),
                week: try reader.number(),
                month: try reader.number()
            )
            guard hold.subjects[level].rawValue != 0 else { throw reader.damaged() }
            guard levels & 1 << UInt8(level + 4) != 0 else { continue }
            let refill: UInt64 = try reader.compact()
            guard refill > 0, refill <= Rate.highest else { throw reader.damaged() }
            hold.hold.refills[level] = refill
        }
    }

    private static func price(
        _ reader: inout ByteReader,
        _ flags: UInt8
    ) throws(StorageError) -> ModelPrice? {
        guard flags & hasPrice != 0 else { return nil }
        let input: UInt64 = try reader.compact()
        let output: UInt64 = try reader.compact()
        let cached: UInt64? = flags & hasCachedPrice == 0 ? nil : try reader.compact()
        guard max(input, output, cached ?? 0) <= ModelPrice.limit else { throw reader.damaged() }
        return ModelPrice(input: input, output: output, cachedInput: cached)
    }
}
