internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("Requests without a key that is known")
struct StrangerTests {
    private func ask(_ house: House, _ secret: String?, from address: String) throws {
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        var request = CheckRequest()
        if let secret { request.present(secret) }
        request.clientIP = IPAddress(address)
        #expect(try !loop.check(&request).isAllowed)
        #expect(try loop.commit() == nil)
    }

    private func rows(_ house: House) throws -> [String] {
        try house.memory.entries().map { entry in
            let source = entry.clientIP.map { "\($0)" } ?? "-"
            return "\(entry.reason.code) \(source) \(entry.crowd?.count ?? 0)"
        }.sorted()
    }

    @Test("are one row for each source, reason and minute, when the minute is over")
    func aggregated() throws {
        let house = try House()
        let steward = house.engine.makeLoop()
        for _ in 0..<1000 { try ask(house, "unknown", from: "192.0.2.1") }
        for _ in 0..<3 { try ask(house, nil, from: "192.0.2.1") }
        try ask(house, "unknown", from: "192.0.2.2")
        try house.engine.tend(steward)
        #expect(house.blockCount == 0)
        house.time.advance(milliseconds: 60_000)
        try house.engine.tend(steward)
        let expected = [
            "invalid_api_key 192.0.2.1 1000", "invalid_api_key 192.0.2.2 1",
            "missing_api_key 192.0.2.1 3",
        ]
        #expect(try rows(house) == expected)
        try house.engine.tend(steward)
        #expect(house.blockCount == 1)
    }

    @Test("are shown at once to whoever looks, at the cost of one more row")
    func shown() throws {
        let house = try House()
        for _ in 0..<5 {
            try ask(house, "unknown", from: "192.0.2.1")
            try house.engine.showStrangers()
        }
        #expect(try rows(house) == ["invalid_api_key 192.0.2.1 1"])
        try house.engine.recordAllStrangers()
        #expect(
            try rows(house) == ["invalid_api_key 192.0.2.1 1", "invalid_api_key 192.0.2.1 4"]
        )
    }

    @Test("take bounded room, however many sources there are")
    func bounded() throws {
        let counts = StrangerCounts()
        let time = WallTime(milliseconds: 90_000)
        for number in 0..<5000 {
            counts.count(.invalidAPIKey, from: IPAddress(bits: UInt128(number)), at: time)
        }
        let taken = counts.take(.all, at: time)
        #expect(taken.count == StrangerCounts.sourceLimit + 1)
        #expect(taken.reduce(0) { $0 + $1.1.count } == 5000)
        #expect(taken.filter(\.1.isMixed).map(\.1.count) == [5000 - 1024])
        #expect(counts.take(.all, at: time).isEmpty)
    }

    @Test("are not lost when they cannot be recorded now")
    func failure() throws {
        let house = try House()
        try ask(house, "unknown", from: "192.0.2.1")
        house.journal.fault = .losesAppends(StorageError(.io, "planted"))
        #expect(throws: StorageError.self) { try house.engine.recordAllStrangers() }
        #expect(!house.engine.isReady)
        house.journal.fault = .none
        try house.engine.recover()
        try house.engine.recordAllStrangers()
        #expect(try rows(house) == ["invalid_api_key 192.0.2.1 1"])
    }
}
