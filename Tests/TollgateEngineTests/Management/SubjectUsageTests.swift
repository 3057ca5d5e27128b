internal import SimulationTesting
internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("When a key was last used")
struct LastUseTests {
    @Test(
        "is when a request was last allowed, to the millisecond: neither denials nor dry runs count"
    )
    func allowed() throws {
        let house = try House()
        var limits = LimitSettings()
        limits.requests.total = 2
        let (record, secret) = try house.key { $0.limits = limits }
        #expect(try house.engine.lastUse(ofKey: record.id) == nil)
        let loop = house.engine.makeLoop()
        house.time.advance(milliseconds: 1234)
        let first = house.time.now().wall
        #expect(try loop.reason(for: secret) == .allowed)
        house.time.advance(milliseconds: 1)
        loop.beginTurn()
        #expect(try loop.check(secret, isDryRun: true).isAllowed)
        _ = try loop.commit()
        #expect(try house.engine.lastUse(ofKey: record.id) == first)
        house.time.advance(milliseconds: 1)
        let second = house.time.now().wall
        #expect(try loop.reason(for: secret) == .allowed)
        house.time.advance(milliseconds: 1)
        #expect(try loop.reason(for: secret) == .requestQuotaExceeded)
        #expect(try house.engine.lastUse(ofKey: record.id) == second)
        #expect(try house.engine.usage(ofKey: record.id)?.counters.lastUsedAt == second)
    }

    @Test("is known to the next process, which need not bring the key into memory for it")
    func reopened() throws {
        let house = try House()
        let (record, secret) = try house.key()
        house.time.advance(milliseconds: 77)
        let time = house.time.now().wall
        #expect(try house.engine.makeLoop().reason(for: secret) == .allowed)
        let next = try house.reopened()
        #expect(try next.engine.lastUse(ofKey: record.id) == time)
        #expect(next.engine.activeKeyCount == 0)
    }

    @Test("does not go back when blocks of several loops reach the ledger in another order")
    func order() {
        var counters = Counters()
        let amounts = Amounts(requests: 1, tokens: 0, cost: 0)
        for time: Int64 in [5, 9, 7] { counters.hold(amounts, at: WallTime(milliseconds: time)) }
        #expect(counters.lastUsedAt == WallTime(milliseconds: 9))
    }
}
