internal import Dispatch
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

/// A limit that lets exactly a thousand pass, and of whom.
struct ThousandCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let isOfOrganization: Bool
    let set: @Sendable (inout LimitSettings) -> Void

    init(
        _ name: String,
        isOfOrganization: Bool = false,
        _ set: @escaping @Sendable (inout LimitSettings) -> Void
    ) {
        testDescription = name + (isOfOrganization ? " of an organisation with 50 keys" : "")
        self.isOfOrganization = isOfOrganization
        self.set = set
    }
}

@Suite("Many threads at one limit")
struct ContentionTests {
    /// Each request asks for ten tokens that cost 3,000 nano-USD.
    private static let cases: [ThousandCase] = [false, true].flatMap { isShared in
        [
            ThousandCase("budget", isOfOrganization: isShared) {
                $0.budgets.daily = Money(nanos: 3_000_999)
            },
            ThousandCase("requests a minute", isOfOrganization: isShared) {
                $0.rates.perMinute = 1000
            },
            ThousandCase("tokens a minute", isOfOrganization: isShared) {
                $0.rates.tokensPerMinute = 10_009
            },
            ThousandCase("requests a day", isOfOrganization: isShared) { $0.rates.perDay = 1000 },
            ThousandCase("token quota", isOfOrganization: isShared) { $0.tokens.monthly = 10_009 },
            ThousandCase("requests at once", isOfOrganization: isShared) {
                $0.rates.concurrent = 1000
            },
        ]
    }

    private static let threads = 8
    private static let requests = 20_000

    @Test("lets exactly as many pass as it affords", arguments: cases)
    func exactlyThousand(_ limit: ThousandCase) throws {
        let house = try House()
        let secrets = try secrets(in: house, limit)
        let allowed = Atomic<Int>(0)
        run(house) { loop, number in
            try loop.check(secrets[number % secrets.count], tokens: 10).isAllowed
        } then: { results in
            allowed.add(results.filter { $0 }.count, ordering: .relaxed)
        }
        #expect(allowed.load(ordering: .relaxed) == 1000)
        #expect(house.engine.decisions[.allowed] == 1000)
        try expectLedger(of: house)
    }

    @Test("gives what is settled to others, and to nobody twice")
    func settling() throws {
        let house = try House()
        let secrets = try secrets(
            in: house,
            ThousandCase("budget", isOfOrganization: true) {
                $0.budgets.total = Money(nanos: 1_000_000)
                $0.rates.concurrent = 60
            }
        )
        let answered = Mutex<[ReservationID]>([])
        let settled = Atomic<Int64>(0)
        run(house) { loop, number -> (ReservationID, Int64?) in
            guard number % 2 == 0 else {
                let verdict = try loop.check(secrets[number / 2 % secrets.count], tokens: 10)
                return (verdict.reservation, nil)
            }
            // Two threads may well get the same one: they settle it differently, and one wins.
            let some = answered.withLock { number % 3 == 0 ? $0.last : $0.popLast() }
            guard let some else { return (.none, nil) }
            do {
                let outcome = try loop.settle(some, tokens: UInt64(number % 10 + 1))
                return (.none, outcome.kind == .applied ? outcome.cost.nanos : nil)
            } catch EngineError.beingSettled {
                return (.none, nil)
            }
        } then: { results in
            answered.withLock { $0 += results.map(\.0).filter { $0 != .none } }
            settled.add(results.reduce(0) { $0 + ($1.1 ?? 0) }, ordering: .relaxed)
        }
        let id = try #require(GroupID(.organization, "acme"))
        let usage = try #require(try house.engine.usage(ofGroup: id))
        let total = usage.used(.total).cost
        #expect(total <= 1_000_000)
        #expect(total == settled.load(ordering: .relaxed) + usage.counters.held.cost)
        #expect(usage.counters.openHolds <= 60)
        #expect(house.engine.pendingHoldCount == Int(usage.counters.openHolds))
        try expectLedger(of: house)
    }

    @Test("exceeds no limit and loses nothing while keys move from one organisation to another")
    func moving() throws {
        let house = try House()
        let limit = ThousandCase("budget", isOfOrganization: true) {
            $0.budgets.total = Money(nanos: 1_000_000)
            $0.rates.concurrent = 60
        }
        let organizations = ["acme", "other"]
        for name in organizations { try house.put(name, limit.set) }
        let keys = try (0..<10).map { _ in try house.key(in: "acme") }
        let places: [String?] = ["acme", "other", nil]
        let answered = Mutex<[ReservationID]>([])
        run(house) { loop, number -> (begun: ReservationID, left: ReservationID) in
            let key = keys[number / 4 % keys.count]
            switch number % 4 {
            case 0 where number % 10 == 0:
                let moved = keys[number / 20 % keys.count].record.id
                try house.move(moved, to: places[number / 200 % places.count])
            case 0, 1:
                return (try loop.check(key.secret, tokens: 10).reservation, .none)
            default:
                let some = answered.withLock { number % 3 == 0 ? $0.last : $0.popLast() }
                guard let some else { break }
                let outcome = try? loop.settle(some, tokens: UInt64(number % 10 + 1))
                if outcome == nil { return (.none, some) }
            }
            return (.none, .none)
        } then: { results in
            let some = results.flatMap { [$0.begun, $0.left] }.filter { $0 != .none }
            answered.withLock { $0 += some }
        }
        try expectLedger(of: house)
        let loop = house.engine.makeLoop()
        for reservation in answered.withLock({ Set($0) }) {
            loop.beginTurn()
            _ = try loop.settle(reservation, tokens: 3)
            _ = try loop.commit()
        }
        #expect(house.engine.pendingHoldCount == 0)
        for name in organizations {
            let id = try #require(GroupID(.organization, name))
            let usage = try #require(try house.engine.usage(ofGroup: id))
            #expect(usage.used(.total).cost <= 1_000_000)
            #expect(usage.used(.total).requests > 0)
            #expect(usage.counters.held == .zero)
            #expect(usage.counters.openHolds == 0)
        }
        try expectLedger(of: house)
    }

    // MARK: Threads

    /// Asks from all threads at once, in turns of up to 40 questions; results leave with the turn.
    private func run<Result>(
        _ house: House,
        _ ask: @Sendable (DecisionLoop, Int) throws -> Result,
        then: @Sendable ([Result]) -> Void
    ) {
        let next = Atomic<Int>(0)
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: Self.threads) { thread in
            var random = SeededGenerator(seed: UInt64(thread))
            let loop = house.engine.makeLoop()
            do {
                while next.load(ordering: .relaxed) < Self.requests {
                    var results: [Result] = []
                    loop.beginTurn()
                    for _ in 0..<random.number(in: 1...40) {
                        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard number < Self.requests else { break }
                        results.append(try ask(loop, number))
                    }
                    _ = try loop.commit()
                    then(results)
                }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        #expect(problems.withLock { $0 } == [])
    }

    /// One key, or fifty of an organisation, with the limit where it belongs.
    private func secrets(in house: House, _ limit: ThousandCase) throws -> [String] {
        guard limit.isOfOrganization else {
            let (old, secret) = try house.key()
            var record = old
            limit.set(&record.limits)
            try house.catalogue.save(record, replacing: old)
            return [secret]
        }
        try house.put("acme", limit.set)
        return try (0..<50).map { _ in try house.key(in: "acme").secret }
    }

    /// What is in the journal adds up to what is in memory, but for rates, which depend on the order.
    private func expectLedger(of house: House) throws {
        let ledger = try house.memory.reopened()
        for key in try house.catalogue.page(
            after: nil,
            limit: 100,
            scanLimit: 100,
            where: { _ in true }
        )
        .records {
            let usage = try #require(try house.engine.usage(ofKey: key.id))
            try expect(usage, of: SubjectID(key.id), in: ledger)
        }
        for name in ["acme", "other"] {
            let id = try #require(GroupID(.organization, name))
            guard let group = try house.groups.group(id) else { continue }
            let usage = try #require(try house.engine.usage(ofGroup: id))
            try expect(usage, of: group.subject, in: ledger)
        }
    }

    private func expect(
        _ usage: SubjectUsage,
        of subject: SubjectID,
        in ledger: InMemoryJournal
    ) throws {
        let counters = try ledger.counters(of: subject) ?? Counters()
        #expect(usage.used(.total) == counters.used(.total, in: WindowID(rawValue: 0)))
        #expect(usage.counters.held == counters.held)
        #expect(usage.counters.openHolds == counters.openHolds)
    }
}

extension DecisionLoop {
    /// Decides about a priced model in the current turn.
    fileprivate func check(_ secret: String, tokens: UInt64) throws -> Verdict {
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: "cheap")
        request.tokens = tokens
        return try check(&request)
    }
}
