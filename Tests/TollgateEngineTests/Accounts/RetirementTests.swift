internal import SimulationTesting
internal import Testing
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("A key that leaves memory")
struct RetirementTests {
    @Test("stays until all that was reported is in the journal and in the ledger")
    func unrecordedEnds() throws {
        let shop = try Shop()
        let loop = shop.engine.makeLoop()
        let reservation = try shop.allow(loop)
        _ = try loop.commit()
        shop.time.advance(milliseconds: 900_000)
        try shop.engine.tend(loop)
        try shop.journal.project()

        // Nothing is held any more, but what really was used is not in the journal yet.
        loop.beginTurn()
        var settlement = Settlement()
        settlement.reservation = reservation
        settlement.tokens = TokenCounts(input: 7, output: 0)
        _ = try loop.settle(settlement)
        try shop.crowd()
        #expect(try shop.tokens() == 10)
        _ = try loop.commit()
        #expect(try shop.tokens() == 7)
        try shop.crowd()
        #expect(try shop.tokens() == 7)
        let before = try #require(try shop.engine.books.keys.key(shop.key))
        try shop.journal.project()
        try shop.crowd()
        let after = try #require(try shop.engine.books.keys.key(shop.key))
        #expect(before !== after)
        #expect(try shop.tokens() == 7)
    }

    @Test("stays as long when it moves to another organisation meanwhile")
    func unrecordedEndsOfMoved() throws {
        let shop = try Shop()
        let loop = shop.engine.makeLoop()
        let reservation = try shop.allow(loop)
        _ = try loop.commit()
        try shop.move(to: "acme")
        loop.beginTurn()
        var settlement = Settlement()
        settlement.reservation = reservation
        settlement.tokens = TokenCounts(input: 7, output: 0)
        _ = try loop.settle(settlement)
        try shop.move(to: nil)
        let before = try #require(try shop.engine.books.keys.key(shop.key))
        try shop.journal.project()
        try shop.crowd()
        #expect(try shop.engine.books.keys.key(shop.key) === before)
        _ = try loop.commit()
        try shop.crowd()
        #expect(try shop.engine.books.keys.key(shop.key) === before)
        #expect(try shop.tokens() == 7)
        try shop.journal.project()
        try shop.crowd()
        #expect(try shop.engine.books.keys.key(shop.key) !== before)
        #expect(try shop.tokens() == 7)
    }

    @Test("stays while it holds something")
    func openHolds() throws {
        let shop = try Shop()
        let loop = shop.engine.makeLoop()
        _ = try shop.allow(loop)
        _ = try loop.commit()
        try shop.journal.project()
        let before = try shop.engine.books.keys.key(shop.key)
        try shop.crowd()
        #expect(try shop.engine.books.keys.key(shop.key) === before)
    }

    @Test("whose secret another key has got meanwhile makes room for that one at once")
    func movedSecret() throws {
        let shop = try Shop()
        let loop = shop.engine.makeLoop()
        _ = try shop.allow(loop)
        let old = try #require(try shop.catalogue.record(id: shop.key))
        var bare = old
        bare.secrets = []
        bare.version += 1
        try shop.catalogue.save(bare, replacing: old)
        try shop.engine.keyChanged(old.id)
        var request = CheckRequest()
        request.present(RandomWorld.secret(0))
        #expect(try loop.check(&request).reason == .invalidAPIKey)
        let heir = KeyRecord.sample(9000, digests: old.secrets.map(\.digest))
        try shop.catalogue.save(heir, replacing: nil)
        let verdict = try loop.check(&request)
        #expect(verdict.reason == .allowed)
        #expect(verdict.keyID == heir.id)
    }
}

/// An engine with room for few keys, one of which is asked about.
private struct Shop {
    let catalogue = InMemoryCatalogue()
    let groups = InMemoryGroups()
    let journal = InMemoryJournal()
    let time = ManualTime()
    let engine: Engine
    let key: KeyID

    init() throws {
        var options = EngineOptions()
        options.activeKeyLimit = 8
        let digester = try RandomWorld.digester()
        engine = try Engine(
            EngineParts(
                catalogue: catalogue,
                groups: groups,
                journal: journal,
                ledger: journal,
                time: time,
                digester: digester
            ),
            options
        )
        let secret = Array(RandomWorld.secret(0).utf8)
        let record = KeyRecord.sample(64, digests: [digester.digest(of: secret.span)])
        try catalogue.save(record, replacing: nil)
        key = record.id
        for number in 100..<140 as Range<UInt64> {
            try catalogue.save(.sample(number * 64), replacing: nil)
        }
    }

    /// Allows a request for ten tokens, in a turn that goes on.
    func allow(_ loop: DecisionLoop) throws -> ReservationID {
        var request = CheckRequest()
        request.present(RandomWorld.secret(0))
        request.tokens = 10
        return try loop.check(&request).reservation
    }

    /// Asks for so many other keys that those without a reason to stay leave.
    func crowd() throws {
        for number in 100..<140 as Range<UInt64> {
            _ = try engine.usage(ofKey: KeyRecord.sample(number * 64).id)
        }
    }

    /// Moves the key into an organisation, or out of it.
    func move(to organization: String?) throws {
        if let organization {
            let id = try #require(GroupID(.organization, organization))
            let time = WallTime(milliseconds: 0)
            let subject = SubjectID(rawValue: 1)
            groups.put(GroupRecord(id: id, subject: subject, name: organization, createdAt: time))
        }
        let old = try #require(try catalogue.record(id: key))
        var record = old
        record.organization = organization
        record.version += 1
        try catalogue.save(record, replacing: old)
        try engine.keyChanged(key)
    }

    func tokens() throws -> Int64? {
        try engine.usage(ofKey: key)?.used(.total).tokens
    }
}
