package import TollgateCore

/// The journal's record of what an allowed request holds, on every level.
///
/// Shape behind length and type, all numbers little-endian: reservation (16), tokens (8), cost (8),
/// input tokens (8), whether the model has a price (1), its input, output and cached input price (8
/// each, the last all ones when there is none), number of levels (1), then for each level: level
/// (1), subject (16), windows (4 times 4), number of rates (1), then for each rate: slot (1),
/// strict (1), limit (8), burst (8).
///
/// Rates are written out, so that replaying needs no rules: they may have changed since.
package enum ChargeRecord {
    /// The type byte of charges.
    package static let type: UInt8 = 3

    private static let levelLength = 1 + 16 + 16 + 1 + 3 * 18
    static let lengthLimit = 3 + 16 + 24 + 1 + 24 + 1 + 4 * levelLength

    /// Appends what a request holds to a block.
    ///
    /// - Parameters:
    ///   - charge: what was counted.
    ///   - reservation: the hold's name.
    ///   - inputTokens: the prompt, 0 when it is not known.
    ///   - price: what the model costs.
    ///   - chain: the meters it was counted on.
    ///   - block: where the record goes.
    /// - Returns: whether there was room.
    static func write(
        _ charge: Charge,
        _ reservation: ReservationID,
        inputTokens: UInt64,
        price: ModelPrice?,
        on chain: MeterChain,
        to block: inout JournalBlock
    ) -> Bool {
        guard let start = block.beginRecord(type, lengthLimit: lengthLimit) else { return false }
        block.write(reservation.rawValue)
        block.write(charge.amounts.tokens)
        block.write(charge.amounts.cost)
        block.write(inputTokens)
        block.write(UInt8(price == nil ? 0 : 1))
        block.write(price?.input ?? 0)
        block.write(price?.output ?? 0)
        block.write(price?.cachedInput ?? .max)
        var levels: UInt8 = 0
        for level in 0..<MeterChain.levelCount { chain.withMeter(level) { _ in levels += 1 } }
        block.write(levels)
        for level in 0..<MeterChain.levelCount {
            chain.withMeter(level) { write($0, to: &block) }
        }
        block.endRecord(startedAt: start)
        return true
    }

    private static func write(_ meter: Meter, to block: inout JournalBlock) {
        block.write(meter.level.rawValue)
        block.write(meter.id.rawValue)
        block.write(meter.openWindows())
        var rates: UInt8 = 0
        for slot: UInt8 in 0..<RateSlot.count {
            if let slot = RateSlot(rawValue: slot), meter.rate(slot) != nil { rates += 1 }
        }
        block.write(rates)
        for slot: UInt8 in 0..<RateSlot.count {
            guard let slot = RateSlot(rawValue: slot), let rate = meter.rate(slot) else { continue }
            block.write(slot.rawValue)
            block.write(UInt8(rate.isStrict ? 1 : 0))
            block.write(rate.limit)
            block.write(rate.burst)
        }
    }

    /// Reads a charge back, and counts it.
    ///
    /// - Parameters:
    ///   - record: the whole record, with length and type.
    ///   - time: that of the record's block.
    ///   - count: what changes the counters of a subject.
    /// - Returns: the hold that begins.
    /// - Throws: `.corrupt` when the record makes no sense, or what `count` throws.
    package static func replay(
        _ record: Span<UInt8>,
        at time: Now,
        count: (SubjectID, (inout Counters) -> Void) throws(StorageError) -> Void
    ) throws(StorageError) -> LedgerHold {
        var reader = try RecordReader(record, type: type, "a charge record")
        let reservation = ReservationID(rawValue: try reader.number())
        let amounts = Amounts(requests: 1, tokens: try reader.number(), cost: try reader.number())
        let inputTokens = try reader.number(UInt64.self)
        let price = try price(&reader)
        var hold = LedgerHold(
            reservation: reservation,
            hold: Hold(
                amounts: amounts,
                inputTokens: inputTokens,
                chargedAt: time,
                windows: [4 of WindowIDs](repeating: .none),
                price: price
            )
        )
        for _ in 0..<(try reader.number(UInt8.self)) {
            let level = try reader.level()
            let subject = SubjectID(rawValue: try reader.number())
            let windows = try reader.windows()
            hold.subjects[Int(level.rawValue)] = subject
            hold.hold.windows[Int(level.rawValue)] = windows
            let rates = try rates(&reader)
            try count(subject) { counters in
                counters.count(amounts, in: windows)
                counters.hold(amounts, at: time.wall)
                for index in 0..<rates.count {
                    guard let (rate, slot) = rates[index] else { continue }
                    let cost = UInt64(clamping: amounts[slot.metered])
                    counters.charge(cost, rate, slot, at: time.monotonic)
                }
            }
        }
        try reader.end()
        return hold
    }

    /// Calls with each subject that a charge counts on.
    static func forEachSubject(
        of record: Span<UInt8>,
        _ body: (SubjectID) -> Void
    ) throws(StorageError) {
        var reader = try RecordReader(record, type: type, "a charge record")
        try reader.skip(16 + 24 + 1 + 24)
        for _ in 0..<(try reader.number(UInt8.self)) {
            _ = try reader.level()
            body(SubjectID(rawValue: try reader.number()))
            try reader.skip(16)
            try reader.skip(18 * Int(try reader.number(UInt8.self)))
        }
        try reader.end()
    }

    private static func price(_ reader: inout RecordReader) throws(StorageError) -> ModelPrice? {
        let isPriced = try reader.number(UInt8.self) != 0
        let input = try reader.number(UInt64.self)
        let output = try reader.number(UInt64.self)
        let cached = try reader.number(UInt64.self)
        guard isPriced else { return nil }
        guard
            max(input, output) <= ModelPrice.limit, cached <= ModelPrice.limit || cached == .max
        else { throw reader.damage }
        return ModelPrice(
            input: input,
            output: output,
            cachedInput: cached == .max ? nil : cached
        )
    }

    private static func rates(
        _ reader: inout RecordReader
    ) throws(StorageError) -> [3 of (Rate, RateSlot)?] {
        var rates = [3 of (Rate, RateSlot)?](repeating: nil)
        let count = try reader.number(UInt8.self)
        guard count <= 3 else { throw reader.damage }
        for index in 0..<Int(count) {
            guard let slot = RateSlot(rawValue: try reader.number()) else { throw reader.damage }
            let isStrict = try reader.number(UInt8.self) != 0
            let limit = try reader.number(UInt64.self)
            let burst = try reader.number(UInt64.self)
            let rate = Rate(limit: limit, period: slot.period, burst: burst, isStrict: isStrict)
            guard let rate else { throw reader.damage }
            rates[index] = (rate, slot)
        }
        return rates
    }
}
