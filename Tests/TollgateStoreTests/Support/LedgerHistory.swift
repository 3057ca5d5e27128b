internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

/// A history of requests that begin and end, made up at random, block by block; and what a straight
/// fold of all of it from the start gives.
struct LedgerHistory {
    private struct Request {
        var charge: ChargeSample
        var chargedAt: Now
        var isOpen = true
        var counted: Amounts
    }

    private(set) var generator: SeededGenerator
    /// Everything that was made up so far.
    private(set) var blocks: [[UInt8]] = []
    private var requests: [Request] = []
    private var serial: UInt128 = 0
    /// In milliseconds.
    private(set) var time: Int64 = 1_000_000
    private let keyCount: Int

    init(seed: UInt64, keyCount: Int = 12) {
        generator = SeededGenerator(seed: seed)
        self.keyCount = keyCount
    }

    /// Makes up the next block.
    mutating func next() -> [UInt8] {
        time += Int64(generator.number(in: 1...2_000))
        let now = BlockBuilder.now(time)
        var records: [[UInt8]] = []
        for _ in 0..<generator.number(in: 1...6) {
            if generator.isOnce(in: 3), !requests.isEmpty {
                records.append(endRequest())
            } else if generator.isOnce(in: 6) {
                records.append(BlockBuilder.record(Decision(reason: .modelNotAllowed)))
            } else {
                records += beginRequest(at: now)
            }
        }
        let block = BlockBuilder.block(at: now, records)
        blocks.append(block)
        return block
    }

    /// Lets time go by, in milliseconds.
    mutating func wait(_ milliseconds: Int64) {
        time += milliseconds
    }

    /// Forgets the blocks behind a position, and which requests they began and ended: whatever comes
    /// next ends none of those.
    mutating func forget(behind position: Int) {
        blocks.removeSubrange(min(position, blocks.count)...)
        requests = []
    }

    private mutating func beginRequest(at now: Now) -> [[UInt8]] {
        serial += 1
        let key = Samples.keyID(generator.number(in: 1...keyCount))
        let id = ReservationID(rawValue: serial << 64 | UInt128(generator.next()))
        var charge = ChargeSample(reservation: id, levels: [level(.key, SubjectID(key))])
        charge.amounts.tokens = Int64(generator.number(in: 0...5_000))
        charge.amounts.cost = Int64(generator.number(in: 0...90_000))
        if generator.isOnce(in: 2) {
            let team = UInt128(generator.number(in: 500...502))
            charge.levels.append(level(.team, SubjectID(rawValue: team)))
            charge.price = ModelPrice(input: 3, output: 9, cachedInput: 1)
        }
        requests.append(Request(charge: charge, chargedAt: now, counted: charge.amounts))
        let model = ["gpt-4o", "claude-sonnet", "llama-3", ""][Int(serial % 4)]
        let decision = Decision(keyID: key, model: model, reservation: id.rawValue)
        return [BlockBuilder.record(decision), charge.record]
    }

    private mutating func level(_ level: LimitLevel, _ subject: SubjectID) -> ChargeSample.Level {
        let hour = Int32(time / 60_000)
        var sample = ChargeSample.Level(
            level: level,
            subject: subject,
            windows: [hour, hour / 10, hour / 70, hour / 300]
        )
        if !generator.isOnce(in: 3) {
            let limit = UInt64(generator.number(in: 10...100))
            sample.rates.append((.requestsPerMinute, limit, limit, generator.isOnce(in: 2)))
            sample.rates.append((.tokensPerMinute, 100_000, 60_000, false))
        }
        return sample
    }

    private mutating func endRequest() -> [UInt8] {
        let place = generator.number(in: 0...requests.count - 1)
        var request = requests[place]
        let used = Amounts(requests: 1, tokens: Int64(generator.number(in: 0...6_000)), cost: 5)
        var ending: Settlement.Ending = request.isOpen ? .applied : .late
        if request.isOpen, generator.isOnce(in: 4) { ending = .expired }
        if request.isOpen, generator.isOnce(in: 6) { ending = .withdrawn }
        var settlement = SettlementSample(
            charge: request.charge,
            chargedAt: request.chargedAt,
            ending: ending,
            isOpen: request.isOpen,
            counted: request.counted,
            used: ending == .withdrawn ? .zero : used
        )
        if ending == .applied || ending == .late {
            // Made of what was drawn, so that the history is the same with and without them.
            settlement.tokens = TokenCounts(input: UInt64(used.tokens / 3), output: 11)
            settlement.status = used.tokens.isMultiple(of: 7) ? 500 : 200
            settlement.latency = UInt32(used.tokens)
            settlement.isCancelled = used.tokens.isMultiple(of: 5)
            if used.tokens.isMultiple(of: 3) { settlement.billed[0] = "billed-\(used.tokens)" }
            if used.tokens.isMultiple(of: 4) { settlement.billed[3] = "région" }
        }
        if ending == .expired {
            request.isOpen = false
            request.counted = used
            requests[place] = request
        } else {
            requests.remove(at: place)
        }
        return settlement.record
    }
}

/// What a ledger has, to be compared.
struct LedgerContent: Equatable {
    var counters: [SubjectID: Counters] = [:]
    var pending: [LedgerHold] = []
    var settled: [SettledReservation] = []
    var time: Now?

    /// Everything that a ledger says about the subjects of a history.
    init(of ledger: some Ledger) throws {
        for number in 0...1_000 {
            for subject in [SubjectID(Samples.keyID(number)), SubjectID(rawValue: UInt128(number))]
            {
                counters[subject] = try ledger.counters(of: subject)
            }
        }
        var pending: [LedgerHold] = []
        var settled: [SettledReservation] = []
        try ledger.readHolds(
            pending: { pending.append($0) },
            settled: { settled.append($0) }
        )
        self.pending = pending
        self.settled = settled
        time = ledger.lastTime
    }

    /// What a straight fold of blocks gives.
    init(folding blocks: [[UInt8]]) throws {
        let journal = InMemoryJournal()
        for block in blocks { try journal.append(block) }
        try self.init(of: try journal.reopened())
    }
}
