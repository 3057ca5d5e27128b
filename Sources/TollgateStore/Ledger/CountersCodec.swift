internal import TollgateCore
internal import TollgateEngine

/// The counters of a subject as a row.
///
/// Version (1 byte), which tallies there are (1, a bit each; the highest bit says whether a request
/// was ever allowed), which allowances (1, a bit each) and which of their rates are strict (1); for
/// each tally its window and what was used in it; for each allowance its rate's limit and burst, in 16
/// bytes its state and in 8 when it changed; what is held; how many requests are open; when the last
/// one was allowed. Numbers are compact unless their length is said. What was never used takes no
/// room.
enum CountersCodec {
    private static let version: UInt8 = 1
    private static let usedBit: UInt8 = 1 << 7

    /// Appends the row of some counters.
    static func write(_ counters: Counters, to writer: inout ByteWriter) {
        var tallies: UInt8 = 0
        for period in 0..<counters.tallies.count where counters.tallies[period] != unused {
            tallies |= 1 << UInt8(period)
        }
        if counters.lastUsedAt != nil { tallies |= usedBit }
        var allowances: UInt8 = 0
        var strict: UInt8 = 0
        for slot in RateSlot.allCases {
            guard let rate = counters[slot]?.rate(slot) else { continue }
            allowances |= 1 << slot.rawValue
            if rate.isStrict { strict |= 1 << slot.rawValue }
        }
        writer.append(
            UInt32(version) | UInt32(tallies) << 8 | UInt32(allowances) << 16
                | UInt32(strict) << 24
        )
        for period in 0..<counters.tallies.count where tallies & 1 << UInt8(period) != 0 {
            writer.appendCompact(counters.tallies[period].id.rawValue)
            writer.append(counters.tallies[period].used)
        }
        for slot in RateSlot.allCases {
            guard let allowance = counters[slot], let rate = allowance.rate(slot) else { continue }
            writer.appendCompact(rate.limit)
            writer.appendCompact(rate.burst)
            writer.append(allowance.state.fullAt)
            writer.append(allowance.changedAt.nanoseconds)
        }
        writer.append(counters.held)
        writer.appendCompact(counters.openHolds)
        if let time = counters.lastUsedAt { writer.appendCompact(time.milliseconds) }
    }

    /// Reads a row back.
    ///
    /// - Throws: `.corrupt` for everything that `write` does not write.
    static func read(_ bytes: Span<UInt8>) throws(StorageError) -> Counters {
        var reader = ByteReader(bytes, "a row of counters")
        let version: UInt8 = try reader.number()
        guard version == CountersCodec.version else {
            throw StorageError(.corrupt, "a row of counters of version \(version)")
        }
        let flags: UInt8 = try reader.number()
        let tallies = flags & ~usedBit
        let allowances: UInt8 = try reader.number()
        let strict: UInt8 = try reader.number()
        var counters = Counters()
        guard
            tallies >> UInt8(counters.tallies.count) == 0,
            allowances >> UInt8(RateSlot.allCases.count) == 0, strict & ~allowances == 0
        else { throw reader.damaged() }
        for period in 0..<counters.tallies.count where tallies & 1 << UInt8(period) != 0 {
            let id = WindowID(rawValue: try reader.compact())
            let tally = Counters.Tally(id: id, used: try reader.amounts())
            guard tally != unused else { throw reader.damaged() }
            counters.tallies[period] = tally
        }
        for slot in RateSlot.allCases where allowances & 1 << slot.rawValue != 0 {
            let isStrict = strict & 1 << slot.rawValue != 0
            counters[slot] = try allowance(&reader, slot, isStrict)
        }
        counters.held = try reader.amounts()
        counters.openHolds = try reader.compact()
        if flags & usedBit != 0 {
            counters.lastUsedAt = WallTime(milliseconds: try reader.compact())
            guard counters.lastUsedAt != nil else { throw reader.damaged() }
        }
        guard reader.isAtEnd else { throw reader.damaged() }
        return counters
    }

    private static let unused = Counters.Tally()

    private static func allowance(
        _ reader: inout ByteReader,
        _ slot: RateSlot,
        _ isStrict: Bool
    ) throws(StorageError) -> Counters.Allowance {
        let limit: UInt64 = try reader.compact()
        let burst: UInt64 = try reader.compact()
        let fullAt: UInt128 = try reader.number()
        let rate = Rate(limit: limit, period: slot.period, burst: burst, isStrict: isStrict)
        let state = Rate.State(fullAt: fullAt)
        guard let rate, state.fullAt == fullAt else { throw reader.damaged() }
        let changedAt = MonotonicTime(nanoseconds: try reader.number())
        return Counters.Allowance(rate: rate, state: state, changedAt: changedAt)
    }
}

extension ByteWriter {
    mutating func append(_ amounts: Amounts) {
        appendCompact(amounts.requests)
        appendCompact(amounts.tokens)
        appendCompact(amounts.cost)
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    mutating func amounts() throws(StorageError) -> Amounts {
        Amounts(requests: try compact(), tokens: try compact(), cost: try compact())
    }
}
