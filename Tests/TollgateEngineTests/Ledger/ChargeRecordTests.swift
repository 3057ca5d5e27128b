internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("The record of a charge")
struct ChargeRecordTests {
    @Test("gives back the hold, and counts as the decision has counted", arguments: UInt64(0)..<200)
    func replay(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = try Sample(&random)
        let written = try #require(sample.record)
        var replayed: [SubjectID: Counters] = [:]
        let hold = try ChargeRecord.replay(written.span, at: sample.now) { subject, change in
            change(&replayed[subject, default: Counters()])
        }
        #expect(hold == sample.hold)
        var subjects: [SubjectID] = []
        try ChargeRecord.forEachSubject(of: written.span) { subjects.append($0) }
        #expect(subjects == sample.meters.map(\.id))
        for meter in sample.meters {
            #expect(replayed[meter.id] == meter.counters)
        }
    }

    @Test(
        "is refused when it was cut, is longer, or says what cannot be",
        arguments: UInt64(0)..<50
    )
    func damage(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = try Sample(&random)
        let whole = try #require(sample.record)
        for count in 3..<whole.count {
            #expect(!isRead(Array(whole.prefix(count))), "cut to \(count) bytes")
        }
        #expect(!isRead(whole + [0]))
        // Whatever a byte says, reading it ends, and both readers agree on the shape.
        for _ in 0..<200 {
            var changed = whole
            changed[random.number(in: 3...whole.count - 1)] = random.bytes(1)[0]
            if isRead(changed) {
                #expect(throws: Never.self) {
                    try ChargeRecord.forEachSubject(of: changed.span) { _ in }
                }
            }
        }
    }

    @Test("refuses a count that no number of 64 bits has")
    func longCount() throws {
        let head = [UInt8](repeating: 1, count: 16) + [5, 6]
        let highest = [UInt8](repeating: 0xFF, count: 9) + [1]
        #expect(isRead(head + highest + [0, 0], isWhole: false))
        let larger = [UInt8](repeating: 0xFF, count: 9) + [2]
        #expect(!isRead(head + larger + [0, 0], isWhole: false))
        let longer = [UInt8](repeating: 0xFF, count: 10) + [0]
        #expect(!isRead(head + longer + [0, 0], isWhole: false))
        // What was used has a sign.
        #expect(!isRead(head.dropLast() + highest + [5, 0, 0], isWhole: false))
    }

    /// Whether bytes are taken for a charge, once their length is what they say.
    private func isRead(_ bytes: [UInt8], isWhole: Bool = true) -> Bool {
        var record = isWhole ? bytes : [0, 0, ChargeRecord.type] + bytes
        record[0] = UInt8(record.count & 0xFF)
        record[1] = UInt8(record.count >> 8)
        let now = Now(wall: WallTime(milliseconds: 0), monotonic: MonotonicTime(nanoseconds: 0))
        return (try? ChargeRecord.replay(record.span, at: now) { _, _ in }) != nil
    }
}

/// A request that was counted on one to four levels with limits and numbers by chance.
private struct Sample {
    let now: Now
    let meters: [Meter]
    let hold: LedgerHold
    let record: [UInt8]?

    init(_ random: inout SeededGenerator) throws {
        now = Now(
            wall: WallTime(milliseconds: Int64(random.number(in: 0...4_000_000_000_000))),
            monotonic: MonotonicTime(nanoseconds: Int64(random.number(in: 0...(1 << 60))))
        )
        let levels = LimitLevel.allCases.filter { level in level == .key || !random.isOnce(in: 3) }
        var made: [Meter] = []
        for level in levels {
            made.append(
                Meter(
                    id: SubjectID(rawValue: .random(in: 1 ... .max, using: &random)),
                    level: level,
                    rules: try LimitRules(Sample.limits(&random), zones: .utcOnly),
                    counters: Counters()
                )
            )
        }
        meters = made
        let chain = MeterChain(
            key: made[0],
            user: made.first { $0.level == .user },
            team: made.first { $0.level == .team },
            organization: made.first { $0.level == .organization }
        )
        chain.rollWindows(to: now.wall)
        let charge = Charge(
            tokens: Sample.count(&random, to: Charge.highestTokens),
            cost: Money(nanos: Int64(Sample.count(&random, to: 1 << 62)))
        )
        let input = Sample.count(&random, to: Charge.highestTokens)
        let price = random.isOnce(in: 4) ? nil : Sample.price(&random)
        let reservation = ReservationID(rawValue: .random(in: 1 ... .max, using: &random))
        hold = LedgerHold(
            reservation,
            charge,
            inputTokens: input,
            price: price,
            on: chain,
            at: now
        )
        var block = JournalBlock()
        block.reset(at: now)
        let fits = ChargeRecord.write(
            charge,
            reservation,
            inputTokens: input,
            price: price,
            on: chain,
            to: &block
        )
        record = fits ? Array(bytes(of: block).dropFirst(JournalBlock.headerLength)) : nil
        chain.count(charge, at: now)
    }

    /// A number of any length up to a limit: mostly small, now and then the limit itself.
    private static func count(_ random: inout SeededGenerator, to limit: UInt64) -> UInt64 {
        if random.isOnce(in: 8) { return limit }
        return random.next() >> UInt64(random.number(in: 1...63)) & (limit - 1)
    }

    private static func price(_ random: inout SeededGenerator) -> ModelPrice {
        ModelPrice(
            input: count(&random, to: ModelPrice.limit),
            output: count(&random, to: ModelPrice.limit),
            cachedInput: random.isOnce(in: 2) ? count(&random, to: ModelPrice.limit) : nil
        )
    }

    private static func limits(_ random: inout SeededGenerator) -> LimitSettings {
        var limits = LimitSettings()
        let highest = Rate.highest - 1
        if random.isOnce(in: 2) { limits.rates.perSecond = count(&random, to: highest) + 1 }
        if random.isOnce(in: 2) { limits.rates.perMinute = count(&random, to: highest) + 1 }
        if random.isOnce(in: 2) { limits.rates.tokensPerMinute = count(&random, to: highest) + 1 }
        limits.rates.isStrict = random.isOnce(in: 3)
        let hasBurst = limits.rates.perSecond != nil || limits.rates.perMinute != nil
        if hasBurst, !limits.rates.isStrict, random.isOnce(in: 2) {
            limits.rates.burst = count(&random, to: highest) + 1
        }
        return limits
    }
}
