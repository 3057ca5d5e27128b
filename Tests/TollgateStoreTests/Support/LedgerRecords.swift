internal import TollgateCore
internal import TollgateEngine

/// What one request holds, as a test writes it.
struct ChargeSample {
    /// One level of it.
    struct Level {
        var level: LimitLevel
        var subject: SubjectID
        var windows: [Int32]
        var rates: [(slot: RateSlot, limit: UInt64, burst: UInt64, isStrict: Bool)] = []
    }

    var reservation: ReservationID
    var amounts = Amounts(requests: 1, tokens: 10, cost: 100)
    var price: ModelPrice?
    var levels: [Level]

    /// The record, as its format is documented.
    var record: [UInt8] {
        typealias Builder = BlockBuilder
        var body: [UInt8] = [3] + Builder.wide(reservation.rawValue)
        body += Builder.varint(UInt64(amounts.tokens)) + Builder.varint(UInt64(amounts.cost))
        body += Builder.varint(7)
        body += [(price == nil ? 0 : 1) | (price?.cachedInput == nil ? 0 : 2)]
        for each in [price?.input, price?.output, price?.cachedInput] {
            if let each { body += Builder.varint(each) }
        }
        body += [UInt8(levels.count)]
        var windows: [Int32] = []
        for level in levels {
            let isSame = level.windows == windows
            windows = level.windows
            body += [level.level.rawValue | UInt8(level.rates.count) << 2 | (isSame ? 16 : 0)]
            body += Builder.wide(level.subject.rawValue)
            for window in windows where !isSame {
                body += Builder.littleEndian(UInt64(UInt32(bitPattern: window)), 4)
            }
            for rate in level.rates {
                let isWhole = rate.burst == rate.limit
                body += [rate.slot.rawValue | (rate.isStrict ? 4 : 0) | (isWhole ? 8 : 0)]
                body += Builder.varint(rate.limit)
                if !isWhole { body += Builder.varint(rate.burst) }
            }
        }
        return Builder.length(body)
    }
}

/// How a hold ended, as a test writes it.
struct SettlementSample {
    var charge: ChargeSample
    var chargedAt: Now
    var ending: Settlement.Ending
    var isOpen: Bool
    var counted: Amounts
    var used: Amounts
    var tokens = TokenCounts(input: 0, output: 0)
    var status: UInt16 = 0
    var latency: UInt32 = 0
    var isCancelled = false
    /// In the order of `Settlement.Field`.
    var billed = ["", "", "", ""]

    /// The record, as its format is documented.
    var record: [UInt8] {
        typealias Builder = BlockBuilder
        func bytes(_ amounts: Amounts) -> [UInt8] {
            Builder.signed(amounts.requests) + Builder.signed(amounts.tokens)
                + Builder.signed(amounts.cost)
        }
        var body: [UInt8] = [2, ending.rawValue] + Builder.wide(charge.reservation.rawValue)
        body += Builder.wide(charge.levels.first?.subject.rawValue ?? 0)
        body += [(isOpen ? 1 : 0) | (isCancelled ? 2 : 0)]
        body += Builder.signed(chargedAt.wall.milliseconds)
        body += Builder.signed(chargedAt.monotonic.nanoseconds)
        body += bytes(isOpen ? charge.amounts : .zero) + bytes(counted) + bytes(used)
        body += [UInt8(charge.levels.count)]
        for level in charge.levels {
            body += [level.level.rawValue] + Builder.wide(level.subject.rawValue)
            for window in level.windows {
                body += Builder.littleEndian(UInt64(UInt32(bitPattern: window)), 4)
            }
        }
        // Tokens, status, latency, and texts.
        body += Builder.littleEndian(tokens.input, 8) + Builder.littleEndian(tokens.output, 8)
        body += Builder.littleEndian(tokens.cachedInput, 8)
        body += Builder.littleEndian(UInt64(status), 2) + Builder.littleEndian(UInt64(latency), 4)
        for text in billed { body += Builder.littleEndian(UInt64(text.utf8.count), 2) }
        for text in billed { body += text.utf8 }
        return Builder.length(body)
    }
}
