internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@testable internal import TollgateStore

@Suite("The log of holds")
struct HoldLogTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func charge(_ number: Int) -> ChargeSample {
        let level = ChargeSample.Level(
            level: .key,
            subject: SubjectID(Samples.keyID(1)),
            windows: [1, 1, 1, 1]
        )
        return ChargeSample(
            reservation: ReservationID(rawValue: UInt128(number) << 64 | 1),
            levels: [level]
        )
    }

    private func block(at time: Int64, begin numbers: [Int]) -> [UInt8] {
        BlockBuilder.block(at: BlockBuilder.now(time), numbers.map { charge($0).record })
    }

    private func block(
        at time: Int64,
        _ ending: Settlement.Ending,
        _ numbers: [Int]
    ) -> [UInt8] {
        let records = numbers.map { number in
            SettlementSample(
                charge: charge(number),
                chargedAt: BlockBuilder.now(1),
                ending: ending,
                isOpen: true,
                counted: charge(number).amounts,
                used: Amounts(requests: 1, tokens: 1, cost: Int64(number))
            ).record
        }
        return BlockBuilder.block(at: BlockBuilder.now(time), records)
    }

    /// What the store has after blocks, each in a snapshot of its own.
    private func content(
        _ options: StoreOptions,
        _ blocks: [[UInt8]]
    ) throws -> (pending: [Int], settled: [Int], rows: UInt64) {
        let store = try Store(directory: directory.path("data"), options: options)
        for block in blocks {
            try store.append(block)
            try store.writeSnapshot()
        }
        var pending: [Int] = []
        var settled: [Int] = []
        try store.readHolds(
            pending: { pending.append(Int($0.reservation.rawValue >> 64)) },
            settled: { settled.append(Int($0.reservation.rawValue >> 64)) }
        )
        let head = try LedgerHead(in: try store.database.snapshot())
        return (pending, settled, head.log.rows)
    }

    /// Whether the log is written anew at every snapshot, or never: it says the same.
    static let slacks = [0, 1 << 40]

    @Test("gives the settled ones up beyond their number, the oldest first", arguments: slacks)
    func settledLimit(slack: Int) throws {
        var options = Samples.options
        options.ledger.holdLogSlack = slack
        options.ledger.settledLimit = 5
        let blocks = (1...9).flatMap { number in
            [block(at: 1, begin: [number]), block(at: 2, .applied, [number])]
        }
        #expect(try content(options, blocks).settled == [5, 6, 7, 8, 9])
    }

    @Test(
        "gives the settled and the expired up after their time, never the open",
        arguments: slacks
    )
    func memory(slack: Int) throws {
        var options = Samples.options
        options.ledger.holdLogSlack = slack
        options.ledger.memory = 1_000
        let blocks = [
            block(at: 0, begin: [1, 2, 3, 4, 5]), block(at: 100, .applied, [1]),
            block(at: 100, .expired, [2]), block(at: 600, .expired, [3]),
            block(at: 600, .applied, [4]), block(at: 1_500, begin: []),
        ]
        let content = try content(options, blocks)
        #expect(content.pending == [3, 5])
        #expect(content.settled == [4])
    }

    @Test("gives the expired up beyond their number, the oldest first", arguments: slacks)
    func expiredLimit(slack: Int) throws {
        var options = Samples.options
        options.ledger.holdLogSlack = slack
        options.ledger.expiredLimit = 2
        let blocks = [
            block(at: 1, begin: [1, 2, 3, 4, 5]), block(at: 2, .expired, [1, 2, 3]),
            block(at: 3, .expired, [5]), block(at: 4, .withdrawn, [3]),
        ]
        #expect(try content(options, blocks).pending == [2, 4, 5])
    }

    @Test("stays short where everything is settled or withdrawn")
    func staysShort() throws {
        var options = Samples.options
        options.ledger.holdLogSlack = 10
        options.ledger.settledLimit = 20
        var blocks: [[UInt8]] = []
        for number in 1...60 {
            let (one, other) = (2 * number, 2 * number + 1)
            blocks.append(block(at: Int64(number), begin: [one, other]))
            blocks.append(block(at: Int64(number), .applied, [one]))
            blocks.append(block(at: Int64(number), .withdrawn, [other]))
        }
        let content = try content(options, blocks)
        #expect(content.pending.isEmpty)
        #expect(content.settled == (41...60).map { 2 * $0 })
        #expect(content.rows < 70)
    }
}
