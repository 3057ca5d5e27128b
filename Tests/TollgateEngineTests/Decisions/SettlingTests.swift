internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("Settling")
struct SettlingTests {
    @Test("waits for the turn of another loop that ends the same hold")
    func otherLoops() throws {
        let house = try House()
        let secret = try house.key().secret
        let loops = [house.engine.makeLoop(), house.engine.makeLoop()]
        let reservation = try allow(secret, loops[0])

        loops[0].beginTurn()
        #expect(try settle(reservation, tokens: 3, loops[0]) == .applied)
        #expect(try settle(reservation, tokens: 9, loops[0]) == .duplicate)
        #expect(try settle(reservation, tokens: 9, loops[1]) == nil)
        _ = try loops[0].commit()
        #expect(try settle(reservation, tokens: 9, loops[1]) == .duplicate)
        #expect(house.blockCount == 2)
    }

    @Test("waits while a hold expires, and is late afterwards")
    func expiring() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loops = [house.engine.makeLoop(), house.engine.makeLoop()]
        let reservation = try allow(secret, loops[0])
        house.time.advance(milliseconds: 900_000)
        loops[0].beginTurn()
        #expect(loops[0].expireHolds(limit: 10).count == 1)
        #expect(try settle(reservation, tokens: 3, loops[1]) == nil)
        _ = try loops[0].commit()
        #expect(try house.engine.usage(ofKey: record.id)?.used(.total).tokens == 10)
        #expect(try settle(reservation, tokens: 3, loops[1]) == .late)
        _ = try loops[1].commit()
        #expect(try house.engine.usage(ofKey: record.id)?.used(.total).tokens == 3)
        #expect(try settle(reservation, tokens: 4, loops[1]) == .duplicate)
    }

    @Test("gives back nothing before it is in the journal, and nothing at all when it is lost")
    func lostRefund() throws {
        let house = try House()
        let (old, secret) = try house.key()
        var record = old
        record.limits.tokens.total = 10
        record.version += 1
        try house.catalogue.save(record, replacing: old)
        let loops = [house.engine.makeLoop(), house.engine.makeLoop()]
        let reservation = try allow(secret, loops[0])
        loops[0].beginTurn()
        #expect(try settle(reservation, tokens: 0, loops[0]) == .applied)
        // Whoever gets it now might keep it although the report is lost.
        #expect(try loops[1].reason(for: secret, tokens: 1) == .tokenQuotaExceeded)
        _ = try loops[0].commit()
        #expect(try loops[1].reason(for: secret, tokens: 10) == .allowed)
    }

    @Test("knows no reservation that was never given")
    func unknown() throws {
        let house = try House()
        let loop = house.engine.makeLoop()
        for number in [0, 1, UInt128.max] {
            var settlement = Settlement()
            settlement.reservation = ReservationID(rawValue: number)
            #expect(try loop.outcome(of: settlement) == nil)
        }
        #expect(try loop.commit() == nil)
    }

    @Test("of overdue holds goes on with the others when one of them cannot be ended")
    func damagedKey() throws {
        let house = try House()
        let (damaged, secret) = try house.key()
        let other = try house.key()
        let loop = house.engine.makeLoop()
        _ = try allow(secret, loop)
        for _ in 0..<20 { _ = try allow(other.secret, loop) }
        try house.memory.project()
        var broken = damaged
        broken.models.allowed = [""]
        try house.catalogue.save(broken, replacing: damaged)
        let next = try house.reopened()
        next.time.advance(milliseconds: 900_000)
        let steward = next.engine.makeLoop()
        for _ in 0..<3 { #expect(throws: EngineError.self) { try next.engine.tend(steward) } }
        #expect(try next.engine.usage(ofKey: other.record.id)?.counters.openHolds == 0)
        try next.catalogue.save(damaged, replacing: broken)
        try next.engine.tend(steward)
        #expect(try next.engine.usage(ofKey: damaged.id)?.counters.openHolds == 0)
    }

    @Test("gives back what a turn holds that fails while others have already recovered")
    func stragglers() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let another = try house.key { $0.status = .disabled }.secret
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        _ = try loop.check(secret)
        // The write is in the journal, and reported as failed only after the recovery from another
        // one that has failed.
        let engine = house.engine
        house.journal.whenAppended {
            house.journal.fault = .none
            house.memory.failNext(.lost)
            let other = engine.makeLoop()
            _ = try? other.check(another)
            _ = try? other.commit()
            try? engine.recover()
        }
        house.journal.fault = .keepsFailedAppends(StorageError(.io, "planted"))
        #expect(throws: EngineError.self) { try loop.commit() }
        #expect(house.engine.isReady)
        #expect(try house.engine.usage(ofKey: record.id)?.counters.openHolds == 1)
        try house.engine.tend(loop)
        #expect(try house.engine.usage(ofKey: record.id)?.counters.openHolds == 0)
        #expect(try house.engine.usage(ofKey: record.id)?.used(.total) == .zero)
    }

    @Test("for answers that never left lets no change of the key go unseen that comes meanwhile")
    func changeWhileRecovering() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        _ = try loop.check(secret)
        house.journal.fault = .keepsFailedAppends(StorageError(.io, "planted"))
        #expect(throws: EngineError.self) { try loop.commit() }
        house.journal.fault = .none
        // What the turn held is given back in new books, which have read the key by then.
        house.journal.whenAppended { _ = try? house.setStatus(.disabled, of: record.id) }
        try house.engine.tend(house.engine.makeLoop())
        #expect(house.engine.isReady)
        #expect(try house.catalogue.record(id: record.id)?.status == .disabled)
        loop.beginTurn()
        #expect(try loop.reason(for: secret, tokens: 1) == .keyDisabled)
    }

    @Test("gives back what a turn holds that was appended and does not become durable")
    func failedSync() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        let kept = try allow(secret, loop)
        loop.beginTurn()
        _ = try loop.check(secret)
        let position = try #require(try loop.commit())
        house.journal.fault = .failsSyncs(StorageError(.io, "planted"))
        loop.whenDurable(position) { _ in }
        #expect(!house.engine.isReady, "the answers are withdrawn, so the books are wrong")
        house.journal.fault = .none
        try house.engine.tend(house.engine.makeLoop())
        #expect(house.engine.isReady)
        #expect(try house.engine.usage(ofKey: record.id)?.counters.openHolds == 1)
        loop.beginTurn()
        #expect(try settle(kept, tokens: 3, loop) == .applied)
    }

    @Test("goes on after a write failed that had nothing to do with decisions")
    func distrust() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        _ = try allow(secret, loop)
        house.engine.distrust()
        #expect(!house.engine.isReady)
        try house.engine.tend(house.engine.makeLoop())
        #expect(house.engine.isReady)
        #expect(try house.engine.usage(ofKey: record.id)?.counters.openHolds == 1)
    }

    /// Allows a request for ten tokens, in a turn of its own.
    private func allow(_ secret: String, _ loop: DecisionLoop) throws -> ReservationID {
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        request.tokens = 10
        let verdict = try loop.check(&request)
        _ = try loop.commit()
        return verdict.reservation
    }

    /// What became of a report; nil when somebody else is settling.
    private func settle(
        _ reservation: ReservationID,
        tokens: UInt64,
        _ loop: DecisionLoop
    ) throws -> SettlementOutcome.Kind? {
        do {
            return try loop.settle(reservation, tokens: tokens).kind
        } catch EngineError.beingSettled {
            return nil
        }
    }
}
