internal import Dispatch
internal import Foundation
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@testable internal import TollgateStore

@Suite("Sealing")
struct SealingTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(
        "is all or nothing for a process that dies after any step",
        arguments: StoreOptions.SealingStep.allCases
    )
    func atomic(step: StoreOptions.SealingStep) throws {
        var options = Samples.options
        options.segmentSize = 100
        let directory = directory
        options.whenSealing = { current in
            if current == step {
                #expect(throws: Never.self) { try directory.copy("data", to: "copy") }
            }
        }
        var generator = SeededGenerator(seed: 4)
        let naive = InMemoryJournal()
        let store = try Store(directory: directory.path("data"), options: options)
        for round in 0..<3 {
            for number in 0..<10 {
                let block = Samples.randomBlock(
                    at: Int64(round * 10 + number),
                    using: &generator
                )
                try store.append(block)
                try naive.append(block)
            }
            try store.seal()
            let copy = try Store(directory: directory.path("copy"), options: Samples.options)
            #expect(try copy.all(AuditQuery()) == naive.entries().reversed())
            let isCounted = copy.statistics.sealedPosition == UInt64(round * 10 + 10)
            #expect(isCounted == (step == .committed))
            // What was left behind is no obstacle to sealing again.
            try copy.seal()
            #expect(try copy.all(AuditQuery()) == naive.entries().reversed())
            _ = try copy.verifyAuditChain()
        }
    }

    @Test("happens by itself once there are enough decisions, and readers never notice")
    func byItself() throws {
        var options = Samples.options
        options.segmentSize = 500
        let store = try Store(directory: directory.path("data"), options: options)
        let stop = Mutex(false)
        let group = DispatchGroup()
        let appended = Mutex(0)
        DispatchQueue.global().async(group: group) {
            var expected = 0
            while !(stop.withLock { $0 }) {
                let before = appended.withLock { $0 }
                let seen = (try? store.all(AuditQuery()).count) ?? -1
                #expect(seen >= max(before, expected))
                expected = seen
            }
        }
        while store.statistics.sealedSegments < 3 {
            let count = appended.withLock { $0 }
            guard count < 100_000 else { break }
            let decisions = (0..<10).map { Decision(requestID: "\(count + $0)") }
            try store.append(BlockBuilder.block(at: 1, decisions))
            appended.withLock { $0 += 10 }
            // Leaves the projector room to work on a machine with one core.
            if count.isMultiple(of: 500) { usleep(2_000) }
        }
        stop.withLock { $0 = true }
        group.wait()
        #expect(store.statistics.sealedSegments >= 3)
        let entries = try store.all(AuditQuery()).map { $0[.requestID] }
        #expect(entries == (0..<appended.withLock { $0 }).reversed().map(String.init))
        #expect(try store.verifyAuditChain().segments >= 3)
    }

    @Test("happens to old decisions even when they are few")
    func byAge() throws {
        var options = Samples.options
        options.segmentAge = 0
        let sealed = DispatchSemaphore(value: 0)
        options.whenSealing = { if $0 == .committed { sealed.signal() } }
        let store = try Store(directory: directory.path("data"), options: options)
        try store.append(BlockBuilder.block(at: 1, [Decision(requestID: "only")]))
        sealed.wait()
        #expect(store.statistics.sealedPosition == 1)
        #expect(try store.all(AuditQuery()).map { $0[.requestID] } == ["only"])
    }

    @Test("keeps settlements byte for byte with their keys, and shows them to nobody as decisions")
    func settlements() throws {
        let charge = ChargeSample(
            reservation: ReservationID(rawValue: 77 << 64 | 5),
            levels: [
                ChargeSample.Level(
                    level: .key,
                    subject: SubjectID(Samples.keyID(3)),
                    windows: [1, 2, 3, 4]
                )
            ]
        )
        let settlement = SettlementSample(
            charge: charge,
            chargedAt: BlockBuilder.now(1),
            ending: .applied,
            isOpen: true,
            counted: charge.amounts,
            used: charge.amounts
        )
        let decision = Decision(keyID: Samples.keyID(3), requestID: "asked")
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        let records = [BlockBuilder.record(decision), charge.record, settlement.record]
        try store.append(BlockBuilder.block(at: BlockBuilder.now(1), records))
        #expect(store.statistics.appendedDecisions == 1)
        for isSealed in [false, true] {
            if isSealed { try store.seal() }
            var query = AuditQuery()
            query.keyID = Samples.keyID(3)
            #expect(try store.all(query).map { $0[.requestID] } == ["asked"])
            #expect(try store.all(AuditQuery()).count == 1)
        }
        #expect(store.statistics.unsealedDecisions == 0)
        #expect(try store.verifyAuditChain().decisions == 1)
        // The rows of the key, in the order of the block: its decision and its settlement.
        let snapshot = try store.database.snapshot()
        let keys = try #require(try content(.keys, in: snapshot))
        let key = SegmentKey(0, of: keys.span)
        #expect(key.id == Samples.keyID(3))
        #expect(key.count == 2)
        let texts = try #require(try content(.texts, in: snapshot))
        #expect(texts == BlockBuilder.record(decision) + settlement.record)
        let rows = try #require(try content(.rows, in: snapshot))
        let row = SegmentRow(1, of: rows.span)
        #expect(row.isSettlement)
        #expect(Int(row.offset) == BlockBuilder.record(decision).count)
    }

    /// The first chunk of a kind in the segment that ends at position 1.
    private func content(_ kind: SegmentChunk.Kind, in snapshot: Snapshot) throws -> [UInt8]? {
        let key = SegmentChunk.key(1, kind, 0)
        guard let value = try snapshot.value(of: key.span, in: .segments) else { return nil }
        return value.bytes.withUnsafeBufferPointer { Array($0) }
    }

    @Test("chains the hashes: the same past gives the same hash, another one another")
    func chains() throws {
        func hash(_ name: String, _ requests: [String]) throws -> String {
            let store = try Store(directory: directory.path(name), options: Samples.options)
            for request in requests {
                try store.append(BlockBuilder.block(at: 1, [Decision(requestID: request)]))
                try store.seal()
            }
            let chain = try store.verifyAuditChain()
            #expect(chain.segments == requests.count)
            return chain.hash
        }
        let one = try hash("one", ["a", "b", "c"])
        #expect(try hash("two", ["a", "b", "c"]) == one)
        #expect(try hash("three", ["x", "b", "c"]) != one)
        #expect(one.count == 64)
    }
}
