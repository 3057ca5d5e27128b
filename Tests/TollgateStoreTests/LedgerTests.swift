internal import Foundation
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("The ledger")
struct LedgerTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Options under which a few blocks do what takes millions otherwise.
    private static var smallOptions: StoreOptions {
        var options = Samples.options
        options.ledger.snapshotSize = 60
        options.ledger.subjectLimit = 6
        options.ledger.holdLimit = 9
        options.ledger.holdLogSlack = 25
        return options
    }

    private func open(
        _ name: String = "data",
        _ options: StoreOptions = smallOptions
    ) throws -> Store {
        try Store(directory: directory.path(name), options: options)
    }

    @Test(
        "is what a straight fold of everything gives, whatever comes between",
        arguments: [1, 2, 3] as [UInt64]
    )
    func equalsFold(seed: UInt64) throws {
        var history = LedgerHistory(seed: seed)
        var random = SeededGenerator(seed: ~seed)
        var store = try open()
        for round in 0..<30 {
            for _ in 0..<random.number(in: 1...20) { try store.append(history.next()) }
            switch random.number(in: 0...4) {
            case 0: try store.writeSnapshot()
            case 1: try store.seal()
            case 2:
                store.close()
                store = try open()
            case 3:
                try directory.copy("data", to: "copy")
                let copy = try open("copy")
                #expect(try LedgerContent(of: copy) == LedgerContent(folding: history.blocks))
                continue
            default: break
            }
            if round.isMultiple(of: 7) {
                try store.writeSnapshot()
                let expected = try LedgerContent(folding: history.blocks)
                #expect(try LedgerContent(of: store) == expected, "round \(round)")
                #expect(store.ledgerPosition.rawValue == UInt64(history.blocks.count))
            }
        }
        #expect(store.statistics.failedSnapshots == 0)
        store.close()
        let expected = try LedgerContent(folding: history.blocks)
        #expect(try LedgerContent(of: try open()) == expected)
    }

    @Test(
        "is all or nothing for a process that dies after any step of a snapshot",
        arguments: LedgerOptions.SnapshotStep.allCases,
        [5, 6] as [UInt64]
    )
    func atomic(step: LedgerOptions.SnapshotStep, seed: UInt64) throws {
        var options = LedgerTests.smallOptions
        let directory = directory
        options.whenSnapshotting = { current in
            if current == step {
                #expect(throws: Never.self) { try directory.copy("data", to: "copy") }
            }
        }
        var history = LedgerHistory(seed: seed)
        let store = try Store(directory: directory.path("data"), options: options)
        for round in 0..<4 {
            for _ in 0..<15 { try store.append(history.next()) }
            if round.isMultiple(of: 3) { try store.seal() }
            try store.writeSnapshot()
            let expected = try LedgerContent(folding: history.blocks)
            var copy = try open("copy")
            #expect(try LedgerContent(of: copy) == expected, "\(step), round \(round)")
            // What was left behind is no obstacle to what comes next.
            try copy.append(history.next(), epoch: .first)
            copy.close()
            copy = try open("copy")
            #expect(try LedgerContent(of: copy) == LedgerContent(folding: history.blocks))
            copy.close()
            try store.append(history.blocks.last ?? [])
        }
    }

    @Test("is all there at a start before its snapshot is written, and the same afterwards")
    func snapshotLater() throws {
        var history = LedgerHistory(seed: 21)
        let store = try open()
        for round in 0..<40 {
            try store.append(history.next())
            if round == 10 { try store.writeSnapshot() }
        }
        try directory.copy("data", to: "copy")
        let expected = try LedgerContent(folding: history.blocks)
        let (reached, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let written = DispatchSemaphore(value: 0)
        var options = Samples.options
        options.whenSnapshotting = { step in
            if step == .holdsWritten {
                reached.signal()
                mayGoOn.wait()
            }
            if step == .blocksDropped { written.signal() }
        }
        let copy = try open("copy", options)
        reached.wait()
        #expect(copy.statistics.snapshots == 0)
        #expect(try LedgerContent(of: copy) == expected)
        #expect(copy.ledgerPosition.rawValue == UInt64(history.blocks.count))
        // Decisions go on meanwhile, and are in the next snapshot.
        try copy.append(history.next())
        mayGoOn.signal()
        written.wait()
        #expect(copy.statistics.snapshots == 1)
        #expect(try LedgerContent(of: copy) == expected)
        mayGoOn.signal()
        try copy.writeSnapshot()
        #expect(try LedgerContent(of: copy) == LedgerContent(folding: history.blocks))
    }

    @Test("says where it is and which time it was, and both survive a restart")
    func positionAndTime() throws {
        let store = try open()
        #expect(store.ledgerPosition == JournalPosition(rawValue: 0))
        #expect(store.lastTime == nil)
        #expect(try store.counters(of: SubjectID(rawValue: 500)) == nil)
        var history = LedgerHistory(seed: 9)
        for _ in 0..<5 { try store.append(history.next()) }
        try store.append(BlockBuilder.block(at: 3, []))
        try store.writeSnapshot()
        #expect(store.ledgerPosition == JournalPosition(rawValue: 6))
        #expect(
            store.lastTime == BlockBuilder.now(history.time),
            "an earlier time counts for nothing"
        )
        store.close()
        let again = try open()
        #expect(again.ledgerPosition == JournalPosition(rawValue: 6))
        #expect(again.lastTime == BlockBuilder.now(history.time))
    }

    @Test("and the audit log each keep the blocks that they have not taken yet")
    func blocksAreKept() throws {
        var history = LedgerHistory(seed: 10)
        var store = try open("data", Samples.options)
        for _ in 0..<20 { try store.append(history.next()) }
        // Sealed, but in no snapshot: after a kill the ledger is folded from these blocks.
        try store.seal()
        try directory.copy("data", to: "copy")
        let copy = try open("copy")
        #expect(try LedgerContent(of: copy) == LedgerContent(folding: history.blocks))
        copy.close()
        // In a snapshot, but not sealed: the audit log still reads these blocks.
        for _ in 0..<20 { try store.append(history.next()) }
        store.close()
        store = try open("data", Samples.options)
        let naive = InMemoryJournal()
        for block in history.blocks { try naive.append(block) }
        #expect(try store.all(AuditQuery()) == naive.entries().reversed())
        try store.seal()
        #expect(try store.all(AuditQuery()) == naive.entries().reversed())
    }

    @Test("writes snapshots by itself: when there is much, and when it is old", arguments: [60, 1])
    func byItself(size: Int) throws {
        var options = Samples.options
        options.ledger.snapshotSize = size == 1 ? 1 << 30 : size
        options.ledger.snapshotAge = size == 1 ? 0 : 1 << 40
        let written = DispatchSemaphore(value: 0)
        options.whenSnapshotting = { if $0 == .blocksDropped { written.signal() } }
        var history = LedgerHistory(seed: 11)
        let store = try open("data", options)
        for _ in 0..<40 { try store.append(history.next()) }
        written.wait()
        #expect(store.ledgerPosition.rawValue > 0)
        #expect(store.statistics.snapshots > 0)
    }

    @Test("refuses a block with a record of an unknown type where it is sealed and read")
    func unknownRecords() throws {
        let store = try open()
        let record = BlockBuilder.unknownRecord()
        try store.append(BlockBuilder.block(at: BlockBuilder.now(1), [record]))
        #expect(performing: { try store.seal() }, throws: { isCorrupt($0) })
        #expect(performing: { try store.page(AuditQuery()) }, throws: { isCorrupt($0) })
    }

    @Test("is refused when a bit of its rows was turned, or is right", arguments: [0.2, 0.5, 0.8])
    func damagedRows(fraction: Double) throws {
        var history = LedgerHistory(seed: 12, keyCount: 300)
        let store = try open("data", Samples.options)
        for _ in 0..<300 { try store.append(history.next()) }
        try store.seal()
        store.close()
        let expected = try LedgerContent(folding: history.blocks)
        for table in try directory.files(in: "data/db", ending: ".sst") {
            try directory.copy("data", to: "copy")
            let name = try #require(table.split(separator: "/").last)
            try flipBit(of: directory.path("copy/db/\(name)"), at: fraction)
            do {
                #expect(try LedgerContent(of: try open("copy", Samples.options)) == expected)
            } catch {
                #expect(isCorrupt(error))
            }
        }
    }

    private func isCorrupt(_ error: any Error) -> Bool {
        (error as? StorageError)?.code == .corrupt
    }
}
