package import TollgateCore

/// The journal's record of what an allowed request holds, on every level.
///
/// Every allowed request makes one, so it is short: counts are varints, as in protobuf. Shape behind
/// length and type: reservation (16 bytes), tokens, cost, input tokens, the price's flags (1: there
/// is one, 2: and one for cached input) and its input, output and cached input price as far as there
/// are; number of levels (1); then for each level: its head (1: the level in the lowest two bits, the
/// number of rates in the next two, then whether its windows are those of the level before), subject
/// (16), windows (4 times 4) unless they are, then for each rate: its head (1: the slot in the lowest
/// two bits, then whether it is strict, then whether the burst is the limit), limit, and the burst
/// unless it is.
///
/// Rates are written out, so that replaying needs no rules: they may have changed since.
package enum ChargeRecord {
    /// The type byte of charges.
    package static let type: UInt8 = 3

    private static let hasPrice: UInt8 = 1 << 0
    private static let hasCachedPrice: UInt8 = 1 << 1
    private static let sameWindows: UInt8 = 1 << 4
    private static let isStrict: UInt8 = 1 << 2
    private static let burstIsLimit: UInt8 = 1 << 3

    private static let rateLimit = 1 + 2 * JournalBlock.varintLimit
    private static let levelLimit = 1 + 16 + 16 + 3 * rateLimit
    static let lengthLimit = 3 + 16 + 1 + 6 * JournalBlock.varintLimit + 1 + 4 * levelLimit

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
        block.writeVarint(UInt64(clamping: charge.amounts.tokens))
        block.writeVarint(UInt64(clamping: charge.amounts.cost))
        block.writeVarint(inputTokens)
        write(price, to: &block)
        var levels: UInt8 = 0
        for level in 0..<MeterChain.levelCount { chain.withMeter(level) { _ in levels += 1 } }
        block.write(levels)
        var windows = WindowIDs.none
        for level in 0..<MeterChain.levelCount {
            chain.withMeter(level) { write($0, after: &windows, to: &block) }
        }
        block.endRecord(startedAt: start)
        return true
    }

    private static func write(_ price: ModelPrice?, to block: inout JournalBlock) {
        guard let price else { return block.write(UInt8(0)) }
        block.write(price.cachedInput == nil ? hasPrice : hasPrice | hasCachedPrice)
        block.writeVarint(price.input)
        block.writeVarint(price.output)
        if let cached = price.cachedInput { block.writeVarint(cached) }
    }

    /// Writes a level behind one with these windows.
    private static func write(
        _ meter: Meter,
        after windows: inout WindowIDs,
        to block: inout JournalBlock
    ) {
        let opened = meter.openWindows()
        var rates: UInt8 = 0
        for slot: UInt8 in 0..<RateSlot.count {
            if let slot = RateSlot(rawValue: slot), meter.rate(slot) != nil { rates += 1 }
        }
        let head = meter.level.rawValue | rates << 2
        block.write(opened == windows ? head | sameWindows : head)
        block.write(meter.id.rawValue)
        if opened != windows { block.write(opened) }
        windows = opened
        for slot: UInt8 in 0..<RateSlot.count {
            guard let slot = RateSlot(rawValue: slot), let rate = meter.rate(slot) else { continue }
            write(rate, slot, to: &block)
        }
    }

    private static func write(_ rate: Rate, _ slot: RateSlot, to block: inout JournalBlock) {
        var head = slot.rawValue
        if rate.isStrict { head |= isStrict }
        if rate.burst == rate.limit { head |= burstIsLimit }
        block.write(head)
        block.writeVarint(rate.limit)
        if rate.burst != rate.limit { block.writeVarint(rate.burst) }
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
        let amounts = Amounts(
            requests: 1,
            tokens: try reader.signedVarint(),
            cost: try reader.signedVarint()
        )
        let inputTokens = try reader.varint()
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
        var windows = WindowIDs.none
        for _ in 0..<(try reader.number(UInt8.self)) {
            let level = try level(&reader, after: &windows)
            hold.subjects[Int(level.level.rawValue)] = level.subject
            hold.hold.windows[Int(level.level.rawValue)] = windows
            let rates = try rates(&reader, level.rateCount)
            for index in 0..<rates.count where rates[index]?.1 == .tokensPerMinute {
                hold.hold.refills[Int(level.level.rawValue)] = rates[index]?.0.refill ?? 0
            }
            try count(level.subject) { counters in
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
        try reader.skip(16)
        for _ in 0..<3 { _ = try reader.varint() }
        _ = try price(&reader)
        var windows = WindowIDs.none
        for _ in 0..<(try reader.number(UInt8.self)) {
            let level = try level(&reader, after: &windows)
            body(level.subject)
            for _ in 0..<level.rateCount {
                let head = try reader.number(UInt8.self)
                _ = try reader.varint()
                if head & burstIsLimit == 0 { _ = try reader.varint() }
            }
        }
        try reader.end()
    }

    private static func price(_ reader: inout RecordReader) throws(StorageError) -> ModelPrice? {
        let flags = try reader.number(UInt8.self)
        guard flags & ~(hasPrice | hasCachedPrice) == 0, flags != hasCachedPrice else {
            throw reader.damage
        }
        guard flags & hasPrice != 0 else { return nil }
        let input = try reader.varint()
        let output = try reader.varint()
        let cached = flags & hasCachedPrice != 0 ? try reader.varint() : nil
        guard max(input, output, cached ?? 0) <= ModelPrice.limit else { throw reader.damage }
        return ModelPrice(input: input, output: output, cachedInput: cached)
    }

    /// What precedes the rates of a level.
    private struct LevelHead {
        let level: LimitLevel
        let subject: SubjectID
        let rateCount: UInt8
    }

    /// Reads a level's head and the windows behind it, unless they are those of the level before.
    private static func level(
        _ reader: inout RecordReader,
        after windows: inout WindowIDs
    ) throws(StorageError) -> LevelHead {
        let head = try reader.number(UInt8.self)
        guard
            head & ~(sameWindows | 0b1111) == 0, let level = LimitLevel(rawValue: head & 0b11),
            head >> 2 & 0b11 <= RateSlot.count
        else { throw reader.damage }
        let subject = SubjectID(rawValue: try reader.number())
        if head & sameWindows == 0 { windows = try reader.windows() }
        return LevelHead(level: level, subject: subject, rateCount: head >> 2 & 0b11)
    }

    private static func rates(
        _ reader: inout RecordReader,
        _ count: UInt8
    ) throws(StorageError) -> [3 of (Rate, RateSlot)?] {
        var rates = [3 of (Rate, RateSlot)?](repeating: nil)
        for index in 0..<Int(count) {
            let head = try reader.number(UInt8.self)
            guard head >> 4 == 0, let slot = RateSlot(rawValue: head & 0b11) else {
                throw reader.damage
            }
            let limit = try reader.varint()
            let burst = head & burstIsLimit != 0 ? limit : try reader.varint()
            let rate = Rate(
                limit: limit,
                period: slot.period,
                burst: burst,
                isStrict: head & isStrict != 0
            )
            guard let rate else { throw reader.damage }
            rates[index] = (rate, slot)
        }
        return rates
    }
}
