internal import SimulationTesting
internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("A simulated request")
struct KeySimulationTests {
    private func request(tokens: UInt64 = 0) throws -> CheckRequest {
        var request = CheckRequest()
        try request.set(.action, to: Action.chatCompletions)
        request.tokens = tokens
        return request
    }

    /// A key with limits.
    private func key(
        in house: House,
        _ edit: (inout LimitSettings) -> Void
    ) throws -> (record: KeyRecord, secret: String) {
        var limits = LimitSettings()
        edit(&limits)
        return try house.key { $0.limits = limits }
    }

    @Test("gets the verdict that the key itself would get, and leaves no trace")
    func verdict() throws {
        let house = try House()
        let (record, secret) = try key(in: house) { $0.tokens.total = 100 }
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret, tokens: 60) == .allowed)
        let before = try #require(try house.engine.usage(ofKey: record.id))
        let blocks = house.blockCount
        for (tokens, reason) in [(40, Reason.allowed), (41, .tokenQuotaExceeded)] {
            var question = try request(tokens: UInt64(tokens))
            let answer = try house.engine.simulate(&question, by: record.id, at: nil)
            let simulation = try #require(answer)
            #expect(simulation.verdict.reason == reason)
            #expect(simulation.verdict.reservation == .none)
            #expect(simulation.limits[0].remaining == 40)
            #expect(!simulation.explanation.isEmpty)
        }
        #expect(try house.engine.usage(ofKey: record.id) == before)
        #expect(house.blockCount == blocks)
        #expect(house.engine.pendingHoldCount == 1)
    }

    @Test("can come later, when windows are new and rates have refilled; now stays now")
    func later() throws {
        let house = try House()
        let (record, secret) = try key(in: house) {
            $0.rates.perMinute = 1
            $0.tokens.daily = 10
        }
        #expect(try house.engine.makeLoop().reason(for: secret, tokens: 10) == .allowed)
        let now = house.time.now().wall
        func reason(after milliseconds: Int64) throws -> Reason? {
            var question = try request(tokens: 10)
            let time = WallTime(milliseconds: now.milliseconds + milliseconds)
            return try house.engine.simulate(&question, by: record.id, at: time)?.verdict.reason
        }
        #expect(try reason(after: 0) == .rateLimited)
        #expect(try reason(after: 60_000) == .tokenQuotaExceeded)
        #expect(try reason(after: 86_400_000) == .allowed)
        #expect(try reason(after: .max - now.milliseconds) == .allowed)
        #expect(try reason(after: -86_400_000) == .rateLimited)
        // Had it turned the key's own windows, the quota would be there again.
        house.time.advance(milliseconds: 60_000)
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret, tokens: 10) == .tokenQuotaExceeded)
    }

    @Test("says why a key cannot be used at all; of a key that is none there is nothing to say")
    func standing() throws {
        let house = try House()
        let (record, _) = try house.key()
        try house.setStatus(.disabled, of: record.id)
        var question = try request()
        let simulation = try house.engine.simulate(&question, by: record.id, at: nil)
        #expect(simulation?.verdict.reason == .keyDisabled)
        let nobody = KeyID(rawValue: 12_345)
        let other = try house.engine.simulate(&question, by: nobody, at: nil)
        #expect(other == nil)
    }

    @Test("gets no answer while nothing can be decided")
    func unsound() throws {
        let house = try House()
        let (record, _) = try house.key()
        house.engine.distrust()
        #expect(throws: EngineError.self) {
            var question = try request()
            _ = try house.engine.simulate(&question, by: record.id, at: nil)
        }
    }
}
