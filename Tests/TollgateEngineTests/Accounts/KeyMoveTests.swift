internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("A key that moves to another organisation")
struct KeyMoveTests {
    /// How a hold can end, and what is then used of the ten tokens.
    enum Ending: CaseIterable {
        case applied, late, expired, abandoned

        var tokens: Int64 { self == .applied || self == .late ? 3 : 0 }
    }

    @Test("counts on the new one from the next decision on, and leaves behind what it used")
    func counts() throws {
        let estate = try Estate(other: { $0.requests.total = 1 })
        #expect(try estate.reason() == .allowed)
        try estate.house.move(estate.key, to: "other")
        #expect(try estate.reason() == .allowed)
        #expect(try estate.reason() == .requestQuotaExceeded)
        try estate.house.move(estate.key, to: nil)
        #expect(try estate.reason() == .allowed)
        try estate.house.move(estate.key, to: "acme")
        #expect(try estate.reason() == .allowed)
        try estate.expectRequests(acme: 2, other: 1, key: 4)
        let next = try Estate(estate.house.reopened(), estate)
        try next.expectRequests(acme: 2, other: 1, key: 4)
        #expect(try next.reason() == .allowed)
        try next.expectRequests(acme: 3, other: 1, key: 5)
    }

    @Test(
        "frees what it held where it was counted, for the keys that stayed",
        arguments: Ending.allCases,
        [false, true]
    )
    func ends(_ ending: Ending, isNewProcess: Bool) throws {
        var estate = try Estate(acme: { $0.rates.concurrent = 1 })
        let loop = estate.loop
        let reservation = try estate.allow(loop)
        _ = try loop.commit()
        if ending == .late {
            estate.house.time.advance(milliseconds: 900_000)
            try estate.house.engine.tend(loop)
        } else {
            #expect(try estate.reason(estate.stayed) == .concurrencyLimited)
        }
        try estate.house.move(estate.key, to: "other")
        if isNewProcess {
            estate = try Estate(estate.house.reopened(), estate)
        } else if ending != .late {
            #expect(try estate.reason(estate.stayed) == .concurrencyLimited)
        }
        try estate.end(reservation, ending)
        #expect(try estate.reason(estate.stayed) == .allowed)
        let usage = try estate.usage("acme")
        #expect(usage.used(.total).tokens == ending.tokens)
        #expect(usage.counters.openHolds == 1)
        #expect(try estate.usage("other").used(.total) == .zero)
        let own = try #require(try estate.house.engine.usage(ofKey: estate.key))
        #expect(own.used(.total).tokens == ending.tokens)
        #expect(own.counters.openHolds == 0)
        try estate.expectLedger()
    }

    @Test("counts what ends in a turn in both places, when it moves before the turn is written")
    func duringTheTurn() throws {
        let estate = try Estate()
        let loop = estate.loop
        let first = try estate.allow(loop)
        _ = try loop.commit()
        loop.beginTurn()
        #expect(try loop.settle(first, tokens: 3).kind == .applied)
        let second = try estate.allow(loop)
        for place in ["other", nil, "acme", "other"] {
            try estate.house.move(estate.key, to: place)
        }
        #expect(try loop.settle(second, tokens: 4).kind == .applied)
        _ = try estate.allow(loop)
        try estate.house.move(estate.key, to: nil)
        _ = try loop.commit()
        #expect(try estate.usage("acme").used(.total).tokens == 7)
        #expect(try estate.usage("acme").counters.openHolds == 0)
        #expect(try estate.usage("other").used(.total).tokens == 10)
        #expect(try estate.usage("other").counters.openHolds == 1)
        let own = try #require(try estate.house.engine.usage(ofKey: estate.key))
        #expect(own.used(.total).tokens == 17)
        try estate.expectLedger()
    }

    @Test("gets back what a turn held that failed, where it was held")
    func withdrawn() throws {
        let estate = try Estate()
        estate.loop.beginTurn()
        _ = try estate.allow(estate.loop)
        try estate.house.move(estate.key, to: "other")
        estate.house.memory.failNext(.kept)
        #expect(throws: EngineError.self) { try estate.loop.commit() }
        try estate.house.engine.tend(estate.loop)
        #expect(try estate.usage("acme").used(.total) == .zero)
        #expect(try estate.usage("acme").counters.openHolds == 0)
        try estate.expectRequests(acme: 0, other: 0, key: 0)
        try estate.expectLedger()
    }

    @Test("stays away while the new organisation cannot be read, and is there afterwards")
    func unreadable() throws {
        let estate = try Estate(other: { $0.requests.total = 1 })
        #expect(try estate.reason() == .allowed)
        let old = try #require(try estate.house.catalogue.record(id: estate.key))
        var record = old
        record.organization = "other"
        record.version += 1
        try estate.house.catalogue.save(record, replacing: old)
        estate.house.groups.breaks(true)
        #expect(throws: EngineError.self) { try estate.house.engine.keyChanged(estate.key) }
        #expect(throws: EngineError.self) { try estate.reason() }
        estate.house.groups.breaks(false)
        #expect(try estate.reason() == .allowed)
        #expect(try estate.reason() == .requestQuotaExceeded)
        try estate.expectRequests(acme: 1, other: 1, key: 2)
    }

    @Test("leaves its old organisation a name that was known by nothing but its counters")
    func names() throws {
        let estate = try Estate()
        let reservation = try estate.allow(estate.loop)
        _ = try estate.loop.commit()
        try estate.house.move(estate.key, to: nil)
        let next = try Estate(estate.house.reopened(), estate)
        try next.end(reservation, .applied)
        next.loop.beginTurn()
        _ = try next.loop.check(next.stayed)
        #expect(next.loop.chain?[3]?.name == "acme")
    }
}

/// Two organisations with one event loop, a key of the first that moves and one that stays.
private struct Estate {
    let house: House
    let loop: DecisionLoop
    let key: KeyID
    let moved: String
    let stayed: String

    init(
        acme: (inout LimitSettings) -> Void = { _ in },
        other: (inout LimitSettings) -> Void = { _ in }
    ) throws {
        house = try House()
        loop = house.engine.makeLoop()
        try house.put("acme", acme)
        try house.put("other", other)
        let (record, secret) = try house.key {
            $0.organization = "acme"
            $0.unsettled = .release
        }
        key = record.id
        moved = secret
        stayed = try house.key(in: "acme").secret
    }

    /// The same in the next process.
    init(_ house: House, _ last: Estate) throws {
        self.house = house
        loop = house.engine.makeLoop()
        key = last.key
        moved = last.moved
        stayed = last.stayed
    }

    /// Decides about one of the keys in a turn of its own.
    func reason(_ secret: String? = nil) throws -> Reason {
        try loop.reason(for: secret ?? moved)
    }

    /// Allows the key that moves ten tokens, in the current turn.
    func allow(_ loop: DecisionLoop) throws -> ReservationID {
        var request = CheckRequest()
        request.present(moved)
        request.tokens = 10
        let verdict = try loop.check(&request)
        #expect(verdict.reason == .allowed)
        return verdict.reservation
    }

    /// Ends a hold, in a turn of its own.
    func end(_ reservation: ReservationID, _ ending: KeyMoveTests.Ending) throws {
        loop.beginTurn()
        switch ending {
        case .applied: #expect(try loop.settle(reservation, tokens: 3).kind == .applied)
        case .late: #expect(try loop.settle(reservation, tokens: 3).kind == .late)
        case .abandoned:
            var settlement = Settlement()
            settlement.reservation = reservation
            try loop.abandon(settlement)
        case .expired:
            house.time.advance(milliseconds: 900_000)
            return try house.engine.tend(loop)
        }
        _ = try loop.commit()
    }

    func usage(_ organization: String) throws -> SubjectUsage {
        let id = try #require(GroupID(.organization, organization))
        return try #require(try house.engine.usage(ofGroup: id))
    }

    func expectRequests(acme: Int64, other: Int64, key: Int64) throws {
        #expect(try usage("acme").used(.total).requests == acme)
        #expect(try usage("other").used(.total).requests == other)
        #expect(try house.engine.usage(ofKey: self.key)?.used(.total).requests == key)
    }

    /// What is in the journal adds up to what is in memory.
    func expectLedger() throws {
        let ledger = try house.memory.reopened()
        for name in ["acme", "other"] {
            let subject = try house.groups.group(try #require(GroupID(.organization, name)))?
                .subject
            let counters = try ledger.counters(of: try #require(subject)) ?? Counters()
            #expect(try usage(name).counters == counters)
        }
        let counters = try ledger.counters(of: SubjectID(key))
        #expect(try house.engine.usage(ofKey: key)?.counters == counters ?? Counters())
    }
}
