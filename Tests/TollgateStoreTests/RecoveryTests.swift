internal import Dispatch
internal import Foundation
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("A store whose disk fails")
struct RecoveryTests {
    private let directory: TemporaryDirectory
    private let disk: FaultyDisk

    init() throws {
        directory = try TemporaryDirectory()
        disk = FaultyDisk(directory.path)
    }

    private func open(_ options: StoreOptions = Samples.options) throws -> Store {
        try Store(directory: directory.path("data"), options: options)
    }

    /// Appends until a write has failed, and at least once.
    ///
    /// - Returns: how many blocks of the history were acknowledged; the last one was not.
    private func appendUntilFailure(
        _ store: Store,
        _ history: inout LedgerHistory,
        _ epoch: JournalEpoch
    ) -> Int {
        for _ in 0..<2_000 {
            do { try store.append(history.next(), epoch: epoch) } catch { break }
            // A failed fsync is noticed by the thread that syncs.
            if history.blocks.count > 60 { usleep(1_000) }
        }
        return history.blocks.count - 1
    }

    /// Everything that a store does, on a store that has just recovered.
    private func expectWorking(
        _ store: Store,
        _ history: inout LedgerHistory,
        _ epoch: JournalEpoch
    ) throws {
        #expect(store.isWritable)
        for _ in 0..<10 { try store.append(history.next(), epoch: epoch) }
        let record = Samples.record(history.blocks.count, digests: [history.blocks.count])
        try store.save(record, replacing: nil)
        #expect(try store.record(id: record.id) == record)
        try store.seal()
        try store.writeSnapshot()
        let expected = try LedgerContent(folding: history.blocks)
        #expect(try LedgerContent(of: store) == expected)
        _ = try store.verifyAuditChain()
        let naive = InMemoryJournal()
        for block in history.blocks { try naive.append(block) }
        #expect(try store.all(AuditQuery()).count == naive.entries().count)
    }

    @Test(
        "refuses at once, recovers with all that was acknowledged, and works again",
        arguments: FaultyDisk.Fault.allCases,
        [1, 2] as [UInt64]
    )
    func recovers(fault: FaultyDisk.Fault, seed: UInt64) throws {
        var history = LedgerHistory(seed: seed)
        var store = try open()
        var epoch = JournalEpoch.first
        for round in 1...3 {
            for _ in 0..<15 { try store.append(history.next(), epoch: epoch) }
            if round == 2 { try store.writeSnapshot() }
            if seed == 2 { try store.seal() }
            disk.fail(fault, on: ".log", times: fault == .full ? .max : 1)
            let count = appendUntilFailure(store, &history, epoch)
            #expect(!store.isWritable)
            #expect(code { try store.append(BlockBuilder.block(at: 1, []), epoch: epoch) } == .io)
            // Reading goes on, and every waiter is called.
            #expect(try store.isEmpty() == (round == 1))
            #expect(try store.all(AuditQuery()).isEmpty == false)
            let told = DispatchSemaphore(value: 0)
            store.whenDurable(JournalPosition(rawValue: 9_999)) { error in
                #expect(error != nil)
                told.signal()
            }
            disk.heal()
            epoch = try store.recover()
            told.wait()
            // Of the block that failed it was not known whether it is there; now it is.
            let kept = Int(store.statistics.position)
            #expect((count...count + 1).contains(kept))
            history.forget(behind: kept)
            let expected = try LedgerContent(folding: history.blocks)
            #expect(try LedgerContent(of: store) == expected, "\(fault), round \(round)")
            #expect(code { try store.append(BlockBuilder.block(at: 1, []), epoch: .first) } == .io)
            try expectWorking(store, &history, epoch)
        }
        store.close()
        store = try open()
        #expect(try LedgerContent(of: store) == LedgerContent(folding: history.blocks))
    }

    @Test("makes notices of the blocks that take the places of those whose writes have failed")
    func noticesMeanwhile() throws {
        let reader = NoticeReader()
        var options = Samples.options
        options.whenSnapshotting = { if $0 == .committed { reader.read() } }
        let store = try open(options)
        reader.begin(store)
        var history = LedgerHistory(seed: 10)
        for _ in 0..<15 { try store.append(history.next()) }
        disk.fail(.lostWrite, on: ".log", times: 1)
        let count = appendUntilFailure(store, &history, .first)
        reader.read()
        #expect(reader.count == 1)
        disk.heal()
        let epoch = try store.recover()
        #expect(reader.count > 1, "the journal was read while the store recovered")
        let action = ManagementAction("key.updated", by: nil, on: "key_1")
        let block = BlockBuilder.block(
            at: BlockBuilder.now(history.time),
            [BlockBuilder.action(action)]
        )
        let position = try store.appendDurably(block.span, epoch: epoch)
        #expect(position.rawValue == UInt64(count + 1))
        reader.read()
        #expect(reader.actions == [action])
        store.close()
    }

    @Test("knows what its start has found until the snapshot of that can be written")
    func failsAfterStart() throws {
        var history = LedgerHistory(seed: 7)
        let first = try Store(directory: directory.path("first"), options: Samples.options)
        for _ in 0..<30 { try first.append(history.next()) }
        try directory.copy("first", to: "data")
        let mayGoOn = DispatchSemaphore(value: 0)
        var options = Samples.options
        options.whenSnapshotting = { if $0 == .holdsWritten { mayGoOn.wait() } }
        let store = try open(options)
        let expected = try LedgerContent(folding: history.blocks)
        #expect(try LedgerContent(of: store) == expected)
        disk.fail(.full)
        mayGoOn.signal()
        while store.statistics.failedSnapshots == 0 { usleep(1_000) }
        for number in 0...1_000 {
            let subject = SubjectID(rawValue: UInt128(number))
            #expect(try store.counters(of: subject) == expected.counters[subject])
        }
        disk.heal()
        for _ in 0..<100 { mayGoOn.signal() }
        _ = try store.recover()
        #expect(try LedgerContent(of: store) == expected)
        #expect(store.ledgerPosition.rawValue == UInt64(history.blocks.count))
    }

    @Test("keeps reading while the disk refuses, and does not recover until it does not")
    func staysRefused() throws {
        var history = LedgerHistory(seed: 3)
        let store = try open()
        try store.save(Samples.record(1, digests: [1]), replacing: nil)
        for _ in 0..<15 { try store.append(history.next()) }
        disk.fail(.full)
        let count = appendUntilFailure(store, &history, .first)
        for _ in 0..<3 {
            #expect(code { try store.recover() } == .io)
            #expect(code { try store.save(Samples.record(2, digests: []), replacing: nil) } == .io)
            #expect(try store.record(id: Samples.keyID(1)) != nil)
            #expect(!store.isWritable)
        }
        disk.heal()
        let epoch = try store.recover()
        #expect(Int(store.statistics.position) == count)
        history.forget(behind: count)
        try expectWorking(store, &history, epoch)
    }

    @Test("that fails while it is opened again stays closed until that succeeds")
    func reopeningFails() throws {
        var history = LedgerHistory(seed: 4)
        let store = try open()
        for _ in 0..<15 { try store.append(history.next()) }
        disk.fail(.lostWrite, on: ".log", times: 1)
        _ = appendUntilFailure(store, &history, .first)
        // The probe passes, then the files of tables cannot be written.
        disk.fail(.full, on: ".sst")
        #expect(code { try store.recover() } == .io)
        #expect(code { try store.isEmpty() } == .io)
        #expect(code { try store.recover() } == .io)
        disk.heal()
        let epoch = try store.recover()
        history.forget(behind: Int(store.statistics.position))
        try expectWorking(store, &history, epoch)
    }

    @Test("recovers for the next change of a key, though nobody asks for decisions")
    func changeOfKey() throws {
        let store = try open()
        let record = Samples.record(1, digests: [1])
        disk.fail(.lostWrite, on: ".log", times: 1)
        #expect(code { try store.save(record, replacing: nil) } == .io)
        #expect(!store.isWritable)
        #expect(code { try store.append(BlockBuilder.block(at: 1, [])) } == .io)
        try store.save(record, replacing: nil)
        #expect(try store.record(id: record.id) == record)
        #expect(store.isWritable)
        store.close()
        #expect(try open().record(id: record.id) == record)
    }

    @Test("writes the snapshot later that it could not write")
    func snapshotLater() throws {
        var history = LedgerHistory(seed: 5)
        let store = try open()
        for _ in 0..<30 { try store.append(history.next()) }
        disk.fail(.full, on: "snapshot.sst")
        #expect(code { try store.writeSnapshot() } == .io)
        #expect(store.isWritable, "the database itself has not failed")
        for _ in 0..<30 { try store.append(history.next()) }
        disk.heal()
        try store.writeSnapshot()
        #expect(try LedgerContent(of: store) == LedgerContent(folding: history.blocks))
    }

    @Test("never hands a reader what is gone, however often it is opened again")
    func readersMeanwhile() throws {
        var history = LedgerHistory(seed: 6)
        let store = try open()
        for number in 1...20 {
            try store.save(Samples.record(number, digests: [number]), replacing: nil)
        }
        let stop = Atomic(false)
        let group = DispatchGroup()
        let isUnexpected = Atomic(false)
        for thread in 0..<3 {
            DispatchQueue.global().async(group: group) {
                while !stop.load(ordering: .relaxed) {
                    do {
                        if thread == 0 { _ = try store.all(AuditQuery()) }
                        if thread == 1 { _ = try store.record(forDigest: Samples.digest(7)) }
                        _ = try store.counters(of: SubjectID(rawValue: 501))
                        _ = try store.page(after: nil, limit: 30, scanLimit: 30) { _ in true }
                    } catch {
                        if !isIO(error) { isUnexpected.store(true, ordering: .relaxed) }
                    }
                }
            }
        }
        var epoch = JournalEpoch.first
        for _ in 0..<12 {
            for _ in 0..<10 { try store.append(history.next(), epoch: epoch) }
            disk.fail(.lostWrite, on: ".log", times: 1)
            _ = appendUntilFailure(store, &history, epoch)
            disk.heal()
            epoch = try store.recover()
            history.forget(behind: Int(store.statistics.position))
        }
        stop.store(true, ordering: .relaxed)
        group.wait()
        let wasUnexpected = isUnexpected.load(ordering: .relaxed)
        #expect(!wasUnexpected)
        try expectWorking(store, &history, epoch)
    }

    @Test("is closed all the same, and what was acknowledged is there afterwards")
    func closesFailed() throws {
        var history = LedgerHistory(seed: 7)
        var store = try open()
        for _ in 0..<15 { try store.append(history.next()) }
        disk.fail(.full)
        let count = appendUntilFailure(store, &history, .first)
        store.close()
        #expect(code { try store.recover() } == .closed)
        disk.heal()
        store = try open()
        history.forget(behind: count)
        #expect(try LedgerContent(of: store) == LedgerContent(folding: history.blocks))
    }

    @Test("whose log has a hole where nothing was durable says what to do, and is repaired")
    func repairs() throws {
        var options = Samples.options
        options.syncInterval = 60_000
        var history = LedgerHistory(seed: 8)
        let store = try open(options)
        for _ in 0..<400 { try store.append(history.next()) }
        // A loss of power: nothing since the start is durable, and the log has a hole.
        try directory.copy("data", to: "lost")
        let logs = try directory.files(in: "lost/db", ending: ".log")
        let log = try #require(logs.max { try size($0) < size($1) })
        try flipBit(of: log, at: 0.6)
        let path = directory.path("lost")
        let refusal = #expect(throws: StorageError.self) {
            try Store(directory: path, options: options)
        }
        #expect(refusal?.message.contains("keep a copy of the directory") == true)
        let report = try Store.repair(directory: path, options: options)
        #expect(!report.isLossy)
        #expect((50..<400).contains(Int(report.position)))
        history.forget(behind: Int(report.position))
        let repaired = try Store(directory: path, options: options)
        #expect(try LedgerContent(of: repaired) == LedgerContent(folding: history.blocks))
    }

    @Test("whose log lost what was durable says so when it is repaired, and is still refused")
    func repairsWithLoss() throws {
        var history = LedgerHistory(seed: 9)
        let store = try open()
        for _ in 0..<200 { try store.append(history.next()) }
        try store.writeSnapshot()
        for _ in 0..<200 { try store.append(history.next()) }
        try directory.copy("data", to: "lost")
        store.close()
        // Closing has noted how far the log is durable.
        let mark = try Data(contentsOf: URL(fileURLWithPath: directory.path("data/watermark")))
        try mark.write(to: URL(fileURLWithPath: directory.path("lost/watermark")))
        let logs = try directory.files(in: "lost/db", ending: ".log")
        try flipBit(of: try #require(logs.last), at: 0.5)
        let path = directory.path("lost")
        let report = try Store.repair(directory: path, options: Samples.options)
        #expect(report.isLossy)
        #expect(report.durablePosition == 400)
        #expect((200..<400).contains(Int(report.position)))
        #expect(code { try Store(directory: path, options: Samples.options) } == .corrupt)
        // Until an administrator accepts the loss.
        try FileManager.default.removeItem(atPath: directory.path("lost/watermark"))
        let poorer = try Store(directory: path, options: Samples.options)
        history.forget(behind: Int(report.position))
        #expect(try LedgerContent(of: poorer) == LedgerContent(folding: history.blocks))
    }

    private func size(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }

    /// What kind of trouble something ends with, nil when it works.
    private func code<Value>(_ body: () throws -> Value) -> StorageError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? StorageError)?.code
        }
    }

    private func isIO(_ error: any Error) -> Bool {
        (error as? StorageError)?.code == .io
    }
}

/// Reads a journal as the sender of notices does, whenever it is told to.
private final class NoticeReader: Sendable {
    private struct State {
        weak var store: Store?
        var position = JournalPosition(rawValue: 0)
        var count = 0
        var actions: [ManagementAction] = []
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }
    var actions: [ManagementAction] { state.withLock { $0.actions } }

    func begin(_ store: Store) {
        state.withLock { state in
            state.store = store
            if let position = try? store.beginReading() { state.position = position }
        }
    }

    func read() {
        state.withLock { state in
            state.count += 1
            guard let store = state.store else { return }
            guard let findings = try? store.findings(after: state.position) else { return }
            state.actions += findings.acts.map(\.action)
            var batch = NoticeBatch()
            batch.position = findings.position
            guard (try? store.write(batch)) != nil else { return }
            state.position = findings.position
        }
    }
}
