internal import Dispatch
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("An event loop's decisions")
struct DecisionLoopTests {
    @Test("of a turn are in the journal in one write, in order, once commit has returned")
    func commit() throws {
        let house = try House()
        let (record, secret) = try house.key { $0.allowedModels = ["gpt-*"] }
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        let first = try loop.check(secret, model: "gpt-4o")
        _ = try loop.check(secret, model: "o1")
        _ = try loop.check(nil)
        #expect(house.blockCount == 0)
        #expect(try loop.commit() == JournalPosition(rawValue: 1))
        #expect(try loop.commit() == nil)
        let entries = try house.memory.entries()
        // Those without a key are counted instead: StrangerTests.
        #expect(entries.map(\.reason) == [.allowed, .modelNotAllowed])
        #expect(entries.map(\.keyID) == [record.id, record.id])
        #expect(entries.map { $0[.model] } == ["gpt-4o", "o1"])
        #expect(entries[0].reservation == first.reservation)
        #expect(entries[0].time == house.time.now().wall)
    }

    @Test("of a turn without questions write nothing")
    func emptyTurn() throws {
        let house = try House()
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        #expect(try loop.commit() == nil)
        #expect(house.blockCount == 0)
    }

    @Test("each have a reservation of their own, on every loop")
    func reservations() throws {
        let house = try House()
        let secret = try house.key().secret
        let loops = [house.engine.makeLoop(), house.engine.makeLoop()]
        var seen: Set<ReservationID> = []
        for index in 0..<1000 {
            let verdict = try loops[index % 2].check(secret)
            #expect(verdict.reservation != .none)
            seen.insert(verdict.reservation)
        }
        #expect(seen.count == 1000)
    }

    @Test("cannot be committed when the journal fails, nor made until it has recovered")
    func failedAppend() throws {
        let house = try House()
        let secret = try house.key().secret
        let loop = house.engine.makeLoop()
        #expect(house.engine.isReady)
        house.journal.fault = .losesAppends(StorageError(.io, "planted"))
        loop.beginTurn()
        _ = try loop.check(secret)
        #expect(throws: EngineError.self) { try loop.commit() }
        #expect(try loop.commit() == nil)
        #expect(!house.engine.isReady)
        #expect(house.engine.decisions[.allowed] == 0)
        #expect(throws: StorageError.self) { try house.engine.recover() }
        #expect(!house.engine.isReady)
        #expect(throws: EngineError.self) { try loop.check(secret) }

        house.journal.fault = .none
        try house.engine.recover()
        #expect(house.engine.isReady)
        loop.beginTurn()
        _ = try loop.check(secret, model: "next")
        _ = try loop.commit()
        // What was withdrawn does not come back with the next turn.
        #expect(try house.memory.entries().map { $0[.model] } == ["next"])
    }

    @Test("are not made when the key cannot be read")
    func unreadableCatalogue() throws {
        let house = try House()
        let secret = try house.key().secret
        house.catalogue.setReadable(false)
        let loop = house.engine.makeLoop()
        #expect(throws: EngineError.self) { try loop.check(secret) }
        #expect(try loop.commit() == nil)
        house.catalogue.setReadable(true)
        #expect(try loop.reason(for: secret) == .allowed)
        // From now on the key is in memory.
        house.catalogue.setReadable(false)
        #expect(try loop.reason(for: secret) == .allowed)
    }

    @Test("of a dry run are answered, and recorded nowhere")
    func dryRun() throws {
        let house = try House()
        let secret = try house.key().secret
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        let verdict = try loop.check(secret, isDryRun: true)
        #expect(verdict.isAllowed)
        #expect(verdict.reservation == .none)
        #expect(try loop.check(nil, isDryRun: true).reason == .missingAPIKey)
        #expect(try loop.commit() == nil)
        #expect(house.blockCount == 0)
        #expect(house.engine.decisions[.allowed] == 0)
        #expect(house.engine.decisions[.missingAPIKey] == 0)
    }

    @Test("of a dry run are not made while the journal cannot be written")
    func dryRunWithoutJournal() throws {
        let house = try House()
        let secret = try house.key().secret
        let loop = house.engine.makeLoop()
        house.journal.fault = .losesAppends(StorageError(.io, "planted"))
        loop.beginTurn()
        _ = try loop.check(secret)
        #expect(throws: EngineError.self) { try loop.commit() }
        #expect(throws: EngineError.self) { try loop.check(secret, isDryRun: true) }
        house.journal.fault = .none
        try house.engine.recover()
        loop.beginTurn()
        #expect(try loop.check(secret, isDryRun: true).isAllowed)
    }

    @Test("follow a change of the key from the very next one on")
    func changes() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret) == .allowed)
        _ = try house.setStatus(.disabled, of: record.id)
        #expect(try loop.reason(for: secret) == .keyDisabled)
        _ = try house.setStatus(.enabled, of: record.id)
        #expect(try loop.reason(for: secret) == .allowed)
        var narrower = KeyChanges()
        narrower.allowedModels = ["o1"]
        _ = try house.registry.update(record.id, version: nil, narrower, by: house.administrator)
        #expect(try loop.reason(for: secret, model: "gpt-4o") == .modelNotAllowed)
        #expect(try loop.reason(for: secret, model: "o1") == .allowed)
        _ = try house.setStatus(.revoked, of: record.id)
        #expect(try loop.reason(for: secret, model: "o1") == .keyRevoked)
    }

    @Test(
        "say in the journal, when they allow, whether the key has thresholds",
        arguments: [true, false]
    )
    func watched(_ isWatched: Bool) throws {
        let house = try House()
        let (record, secret) = try house.key()
        var changes = KeyChanges()
        var notices = KeyNotices()
        if isWatched { notices.budgetAlerts = KeyNotices.BudgetAlerts(thresholds: [80]) }
        changes.notices = notices
        _ = try house.registry.update(record.id, version: nil, changes, by: house.administrator)
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret) == .allowed)
        _ = try loop.commit()
        var findings = JournalFindings(upTo: JournalPosition(rawValue: 1))
        for block in house.memory.appended { _ = try findings.add(block.span) }
        #expect(findings.watched == (isWatched ? [record.id] : []))
    }

    @Test("follow a change also within a turn that has begun")
    func changeWithinTurn() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        #expect(try loop.check(secret).isAllowed)
        _ = try house.setStatus(.revoked, of: record.id)
        #expect(try loop.check(secret).reason == .keyRevoked)
    }

    @Test("let a key end at its exact millisecond")
    func expiry() throws {
        let house = try House()
        let end = WallTime(milliseconds: house.time.now().wall.milliseconds + 1000)
        let secret = try house.key { $0.expiresAt = end }.secret
        let loop = house.engine.makeLoop()
        house.time.advance(milliseconds: 999)
        #expect(try loop.reason(for: secret) == .allowed)
        house.time.advance(milliseconds: 1)
        #expect(try loop.reason(for: secret) == .keyExpired)
    }

    @Test("read the clock once in a turn")
    func oneTimePerTurn() throws {
        let house = try House()
        let end = WallTime(milliseconds: house.time.now().wall.milliseconds + 1000)
        let secret = try house.key { $0.expiresAt = end }.secret
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        house.time.advance(milliseconds: 5000)
        #expect(try loop.check(secret).isAllowed)
        loop.beginTurn()
        #expect(try loop.check(secret).reason == .keyExpired)
    }

    @Test("about unknown and mistyped secrets cost no memory, and mistyped ones no look-up")
    func unknownSecrets() throws {
        let house = try House()
        var secret = Array(try house.key().secret.utf8)
        let loop = house.engine.makeLoop()
        for number in 0..<100 {
            #expect(try loop.reason(for: "unknown \(number)") == .invalidAPIKey)
        }
        #expect(house.catalogue.reads == 100)
        secret[10] = secret[10] == 0x61 ? 0x62 : 0x61
        let mistyped = String(decoding: secret, as: UTF8.self)
        #expect(try loop.reason(for: mistyped) == .invalidAPIKey)
        #expect(house.catalogue.reads == 100)
        #expect(house.engine.activeKeyCount == 0)
    }

    @Test("about requests without one clear secret never reach the catalogue")
    func credentials() throws {
        let house = try House()
        let secret = try house.key().secret
        let loop = house.engine.makeLoop()
        var request = CheckRequest()
        request.present(secret)
        request.present("another")
        #expect(try loop.check(&request).reason == .ambiguousCredentials)
        request.reset()
        request.present(String(repeating: "x", count: CheckRequest.secretLimit + 1))
        #expect(try loop.check(&request).reason == .invalidAPIKey)
        #expect(house.catalogue.reads == 0)
    }

    @Test("are counted by reason once they are committed")
    func tally() throws {
        let house = try House()
        let secret = try house.key().secret
        let loop = house.engine.makeLoop()
        for _ in 0..<3 { _ = try loop.reason(for: secret) }
        _ = try loop.check(nil)
        #expect(house.engine.decisions[.missingAPIKey] == 0)
        _ = try loop.commit()
        #expect(house.engine.decisions[.allowed] == 3)
        #expect(house.engine.decisions[.missingAPIKey] == 1)
        #expect(house.engine.decisions[.keyRevoked] == 0)
    }

    @Test("are explained as they are made")
    func explanation() throws {
        let house = try House()
        let secret = try house.key { $0.allowedModels = ["o1"] }.secret
        let loop = house.engine.makeLoop()
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: "gpt-4o")
        let lines = loop.explain(&request)
        #expect(lines.contains("model: denies (model_not_allowed)"))
        #expect(lines.first == "key: passes")
        request.reset()
        #expect(loop.explain(&request) == ["key: denies (missing_api_key)"])
        request.present("unknown")
        house.catalogue.setReadable(false)
        #expect(loop.explain(&request) == ["key: cannot be read now"])
    }

    @Test("see a revocation that came while the key was being read")
    func revocationDuringLoad() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let isRead = DispatchSemaphore(value: 0)
        let isSaved = DispatchSemaphore(value: 0)
        let isRevoked = DispatchSemaphore(value: 0)
        // The loop holds the old record in its hands until the new one is in the catalogue.
        house.catalogue.whenRead {
            isRead.signal()
            isSaved.wait()
        }
        house.catalogue.whenSaved { isSaved.signal() }
        let registry = house.registry
        let administrator = house.administrator
        DispatchQueue.global().async {
            isRead.wait()
            _ = try? registry.setStatus(.revoked, of: record.id, by: administrator)
            isRevoked.signal()
        }
        let loop = house.engine.makeLoop()
        _ = try loop.reason(for: secret)
        isRevoked.wait()
        house.catalogue.whenRead {}
        #expect(try loop.reason(for: secret) == .keyRevoked)
    }

    @Test("agree with what the key was while they were made, under many changes")
    func concurrentChanges() async throws {
        let house = try House()
        let (record, secret) = try house.key()
        let changes = Changes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 1...2000 {
                    changes.begun.store(number, ordering: .sequentiallyConsistent)
                    let status: KeyStatus = number.isMultiple(of: 2) ? .enabled : .disabled
                    _ = try house.setStatus(status, of: record.id)
                    changes.done.store(number, ordering: .sequentiallyConsistent)
                }
            }
            group.addTask {
                let loop = house.engine.makeLoop()
                var definite = 0
                while changes.done.load(ordering: .sequentiallyConsistent) < 2000 || definite == 0 {
                    let before = changes.done.load(ordering: .sequentiallyConsistent)
                    let reason = try loop.reason(for: secret)
                    let after = changes.begun.load(ordering: .sequentiallyConsistent)
                    guard before == after else { continue }
                    definite += 1
                    let expected: Reason = before.isMultiple(of: 2) ? .allowed : .keyDisabled
                    if reason != expected { Issue.record("\(reason) after \(before) changes") }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("learn when they survive the loss of power")
    func durability() throws {
        let house = try House()
        let secret = try house.key().secret
        let loop = house.engine.makeLoop()
        _ = try loop.check(secret)
        let position = try #require(try loop.commit())
        let isDurable = Mutex<Bool?>(nil)
        loop.whenDurable(position) { error in isDurable.withLock { $0 = error == nil } }
        #expect(isDurable.withLock { $0 } == true)
    }

    /// How many changes of one key have begun and are done; it is enabled after an even number.
    private final class Changes: Sendable {
        let begun = Atomic<Int>(0)
        let done = Atomic<Int>(0)
    }
}
