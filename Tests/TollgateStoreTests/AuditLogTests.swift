internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("The audit log")
struct AuditLogTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open() throws -> Store {
        var options = Samples.options
        options.segmentSize = 700
        // Seals only when a test says so: the test decides what is in segments and what is not.
        options.segmentAge = 1 << 40
        return try Store(directory: directory.path("data"), options: options)
    }

    /// Every combination of filters that differ in how they are looked up.
    private static func queries(
        using generator: inout SeededGenerator
    ) -> [AuditQuery] {
        var queries: [AuditQuery] = []
        for keyID in [nil, Samples.keyID(3), Samples.keyID(99)] {
            for model in [nil, "claude-sonnet", "", "modèle-é", "unheard-of"] {
                for reason in [nil, Reason.allowed, .modelNotAllowed] {
                    var query = AuditQuery()
                    query.keyID = keyID
                    query.model = model
                    query.reason = reason
                    query.isAllowed = [nil, true, false].randomElement(using: &generator) ?? nil
                    if Bool.random(using: &generator) {
                        let since = Int64.random(in: 0..<3_000, using: &generator)
                        query.since = WallTime(milliseconds: since)
                        query.until = WallTime(milliseconds: since + 1_500)
                    }
                    query.limit = Int.random(in: 1...40, using: &generator)
                    queries.append(query)
                }
            }
        }
        return queries
    }

    @Test(
        "answers as a naive filter would, across segments, restarts and pages",
        arguments: [1, 2, 3] as [UInt64]
    )
    func equalsNaiveFilter(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let naive = InMemoryJournal()
        var store = try open()
        for round in 0..<6 {
            for number in 0..<60 {
                // Now and then the clock is set back.
                let time = Int64(round * 500 + number) - (number.isMultiple(of: 17) ? 200 : 0)
                let block = Samples.randomBlock(at: time, using: &generator)
                #expect(try store.append(block) == naive.append(block))
            }
            if round.isMultiple(of: 2) { try store.seal() }
            if round == 3 {
                store.close()
                store = try open()
            }
        }
        #expect(store.statistics.sealedPosition == 300)
        let everything = try naive.entries()
        for query in AuditLogTests.queries(using: &generator) {
            var query = query
            #expect(try store.all(query) == everything.reversed().filter(query.wants), "\(query)")
            query.isOldestFirst = true
            #expect(try store.all(query) == everything.filter(query.wants), "\(query)")
        }
        let chain = try store.verifyAuditChain()
        #expect(chain.position == 300)
        #expect(chain.decisions == everything.count { $0.place.position.rawValue <= 300 })
    }

    @Test("goes on exactly behind any place that is used as a cursor")
    func cursors() throws {
        var generator = SeededGenerator(seed: 9)
        let naive = InMemoryJournal()
        let store = try open()
        for number in 0..<40 {
            let block = Samples.randomBlock(at: Int64(number), using: &generator)
            try store.append(block)
            try naive.append(block)
            if number == 15 || number == 30 { try store.seal() }
        }
        for entry in try naive.entries() {
            for index in [entry.place.index, entry.place.index + 1, .max] {
                var query = AuditQuery()
                query.cursor = AuditPlace(position: entry.place.position, index: index)
                query.limit = 5
                #expect(try store.page(query).entries == naive.page(query).entries)
                query.isOldestFirst = true
                #expect(try store.page(query).entries == naive.page(query).entries)
            }
        }
    }

    @Test("ends at the position that is asked for, wherever that is")
    func end() throws {
        var generator = SeededGenerator(seed: 10)
        let naive = InMemoryJournal()
        let store = try open()
        for number in 0..<40 {
            let block = Samples.randomBlock(at: Int64(number), using: &generator)
            try store.append(block)
            try naive.append(block)
            if number == 15 || number == 30 { try store.seal() }
        }
        #expect(store.lastPosition.rawValue == 40)
        let everything = try naive.entries()
        for last in [0, 1, 15, 16, 17, 30, 31, 32, 39, 40, 41] as [UInt64] {
            let expected = everything.filter { $0.place.position.rawValue <= last }
            var query = AuditQuery()
            query.last = JournalPosition(rawValue: last)
            query.limit = 7
            #expect(try store.all(query) == expected.reversed())
            query.isOldestFirst = true
            #expect(try store.all(query) == expected)
        }
    }

    @Test("finds models beyond those that a segment numbers")
    func manyModels() throws {
        let store = try open()
        for number in 0..<600 {
            try store.append(
                BlockBuilder.block(at: 1, [Decision(model: "m\(number)", requestID: "\(number)")])
            )
        }
        try store.seal()
        for number in [0, 254, 255, 599] {
            var query = AuditQuery()
            query.model = "m\(number)"
            #expect(try store.all(query).map { $0[.requestID] } == ["\(number)"])
        }
        var unknown = AuditQuery()
        unknown.model = "m600"
        #expect(try store.all(unknown).isEmpty)
    }

    @Test("keeps the longest record and thousands of keys in one segment")
    func largeSegment() throws {
        var options = Samples.options
        options.segmentSize = 10_000
        let store = try Store(directory: directory.path("data"), options: options)
        let long = AuditEntry.Pair(key: "k", value: String(repeating: "x", count: 60_000))
        try store.append(
            BlockBuilder.block(at: 1, [Decision(keyID: Samples.keyID(0), metadata: [long])])
        )
        for start in stride(from: 1, to: 4_000, by: 100) {
            let decisions = (start..<start + 100).map { Decision(keyID: Samples.keyID($0)) }
            try store.append(BlockBuilder.block(at: 2, decisions))
        }
        try store.seal()
        for number in [0, 1, 1_023, 1_024, 2_500, 4_000] {
            var query = AuditQuery()
            query.keyID = Samples.keyID(number)
            let entries = try store.all(query)
            #expect(entries.map(\.keyID) == [Samples.keyID(number)])
            if number == 0 { #expect(entries.first?.metadata == [long]) }
        }
    }

    @Test("limits a page, whatever is asked for")
    func limits() throws {
        let store = try open()
        let decisions = (0..<1_500).map { Decision(requestID: "\($0)") }
        try store.append(BlockBuilder.block(at: 1, decisions))
        for isSealed in [false, true] {
            if isSealed { try store.seal() }
            var query = AuditQuery()
            query.limit = .max
            let page = try store.page(query)
            #expect(page.entries.count == 1_000)
            #expect(page.entries.first?[.requestID] == "1499")
            #expect(try store.all(query).count == 1_500)
            query.limit = -1
            #expect(try store.page(query).entries.count == 1)
        }
    }
}
