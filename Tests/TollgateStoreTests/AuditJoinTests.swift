internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("How requests ended, in the audit log")
struct AuditJoinTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A store and a naive journal with the same random history, sealed at random.
    private func fill(
        _ seed: UInt64,
        _ store: inout Store,
        _ naive: InMemoryJournal
    ) throws -> LedgerHistory {
        var history = LedgerHistory(seed: seed)
        var generator = SeededGenerator(seed: seed &+ 77)
        for round in 0..<12 {
            for _ in 0..<Int.random(in: 5...40, using: &generator) {
                let block = history.next()
                try store.append(block)
                try naive.append(block)
            }
            if round == 6 {
                store.close()
                store = try Store(directory: directory.path("data"), options: Samples.options)
            }
            if Bool.random(using: &generator) { try store.seal() }
            history.wait(Int64.random(in: 0...4_000_000, using: &generator))
        }
        return history
    }

    @Test(
        "are those of a naive join, wherever the settlement is sealed",
        arguments: [1, 2, 3, 4, 5, 6] as [UInt64]
    )
    func equalsNaiveJoin(seed: UInt64) throws {
        let naive = InMemoryJournal()
        var store = try Store(directory: directory.path("data"), options: Samples.options)
        _ = try fill(seed, &store, naive)
        let expected = try naive.entries().reversed()
        #expect(Set(expected.compactMap(\.outcome)).count == AuditEntry.Outcome.allCases.count)
        for limit in [7, 1000] {
            for key in [nil, Samples.keyID(3)] {
                var query = AuditQuery()
                query.limit = limit
                query.keyID = key
                #expect(try store.all(query) == expected.filter(query.wants))
            }
        }
        // All of it in segments, and then one at a time.
        try store.seal()
        #expect(try store.all(AuditQuery()) == Array(expected))
        _ = try store.verifyAuditChain()
    }

    @Test(
        "add up to the usage that is told, for any span of time",
        arguments: [11, 12, 13, 14] as [UInt64]
    )
    func usage(seed: UInt64) throws {
        let naive = InMemoryJournal()
        var store = try Store(directory: directory.path("data"), options: Samples.options)
        let history = try fill(seed, &store, naive)
        var generator = SeededGenerator(seed: seed)
        var spans = [UsageSpan(), UsageSpan(keys: [Samples.keyID(2), Samples.keyID(5)])]
        for model in ["gpt-4o", "", "unheard-of"] {
            spans.append(UsageSpan(model: model))
            spans.append(UsageSpan(keys: [Samples.keyID(2)], model: model))
            let since = WallTime(milliseconds: history.time / 2)
            spans.append(UsageSpan(since: since, model: model))
        }
        for _ in 0..<20 {
            let first = Int64.random(in: 0...history.time, using: &generator)
            let last = Int64.random(in: first...history.time + 1, using: &generator)
            let hour: Int64 = 3_600_000
            spans.append(UsageSpan(since: WallTime(milliseconds: first)))
            spans.append(UsageSpan(until: WallTime(milliseconds: last / hour * hour)))
            spans.append(
                UsageSpan(
                    since: WallTime(milliseconds: first),
                    until: WallTime(milliseconds: last)
                )
            )
        }
        for span in spans {
            #expect(try store.usage(span) == naive.usage(span), "\(span)")
        }
        #expect(try !naive.usage(UsageSpan()).groups.isEmpty)
        try store.seal()
        for span in spans { #expect(try store.usage(span) == naive.usage(span), "\(span)") }
    }

    /// A request on a model, and how it ended.
    private func request(
        _ number: Int,
        of key: KeyID,
        on model: String
    ) -> (begin: [[UInt8]], end: [UInt8]) {
        let charge = ChargeSample(
            reservation: ReservationID(rawValue: UInt128(number + 1) << 64 | 5),
            levels: [.init(level: .key, subject: SubjectID(key), windows: [1, 2, 3, 4])]
        )
        let decision = Decision(
            keyID: key,
            model: model,
            reservation: charge.reservation.rawValue
        )
        var settlement = SettlementSample(
            charge: charge,
            chargedAt: BlockBuilder.now(1),
            ending: .applied,
            isOpen: true,
            counted: charge.amounts,
            used: Amounts(requests: 1, tokens: Int64(number), cost: 7)
        )
        settlement.tokens = TokenCounts(input: UInt64(number), output: 3)
        return ([BlockBuilder.record(decision), charge.record], settlement.record)
    }

    @Test("add up to the usage of one model, though its segment has too many to number it")
    func manyModels() throws {
        let naive = InMemoryJournal()
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        func append(_ time: Int64, _ records: [[UInt8]]) throws {
            let block = BlockBuilder.block(at: BlockBuilder.now(time), records)
            try store.append(block)
            try naive.append(block)
        }
        func total(_ summary: UsageSummary) -> UsageTotals {
            summary.groups.values.reduce(into: UsageTotals()) { $0 += $1 }
        }
        func compare() throws {
            for model in ["m0", "m254", "m255", "m298", "m299", "m300"] {
                for keys in [nil, [Samples.keyID(1)], [Samples.keyID(2)]] as [Set<KeyID>?] {
                    for since in [nil, WallTime(milliseconds: 1)] {
                        let span = UsageSpan(since: since, keys: keys, model: model)
                        #expect(try store.usage(span) == naive.usage(span), "\(span)")
                    }
                }
            }
            #expect(try total(store.usage(UsageSpan())) == total(naive.usage(UsageSpan())))
        }
        let requests = (0..<300).map {
            request($0, of: Samples.keyID(1 + $0 % 2), on: "m\($0)")
        }
        try append(1, requests.flatMap { $0.begin })
        // Some end where they began, some in a segment of their own, some in the tail.
        for part in 0..<3 {
            try append(Int64(part + 2), stride(from: part, to: 300, by: 3).map { requests[$0].end })
            try compare()
            guard part < 2 else { break }
            try store.seal()
            try compare()
        }
        #expect(try naive.usage(UsageSpan(model: "m299")).groups.values.first?.tokens == 299)
    }

    @Test("add up to usage that no models which somebody was denied put among others")
    func deniedModels() throws {
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        let denied = (0..<255).map {
            Decision(reason: .modelNotAllowed, keyID: Samples.keyID(1), model: "x\($0)")
        }
        let (begin, end) = request(0, of: Samples.keyID(2), on: "gpt-4o")
        let records = denied.map(BlockBuilder.record) + begin + [end]
        try store.append(BlockBuilder.block(at: BlockBuilder.now(1), records))
        let span = UsageSpan(keys: [Samples.keyID(2)])
        let usage = try store.usage(span)
        #expect(usage.groups.map(\.key.model) == ["gpt-4o"])
        try store.seal()
        #expect(try store.usage(span) == usage)
        for model in ["x0", "x254", "gpt-4o"] {
            var query = AuditQuery()
            query.model = model
            #expect(try store.all(query).map { $0[.model] } == [model])
            let found = try store.usage(UsageSpan(model: model)).groups.values.first
            #expect(found?.denied == (model == "gpt-4o" ? 0 : 1))
        }
    }

    @Test("show strangers and administrators beside decisions, and each to who asks for them")
    func otherRows() throws {
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        let key = Samples.keyID(3)
        let address = IPAddress("192.0.2.7")
        let crowd = AuditEntry.Crowd(
            count: 12,
            first: WallTime(milliseconds: 5),
            last: WallTime(milliseconds: 9),
            isMixed: false
        )
        let action = ManagementAction("key.updated", by: key, on: "key_x", fields: ["name", "é"])
        try store.append(
            BlockBuilder.block(
                at: BlockBuilder.now(10),
                [
                    BlockBuilder.record(Decision(keyID: key, requestID: "asked")),
                    BlockBuilder.refusals(.invalidAPIKey, from: address, crowd),
                    BlockBuilder.action(action),
                ]
            )
        )
        for isSealed in [false, true] {
            if isSealed { try store.seal() }
            func rows(_ edit: (inout AuditQuery) -> Void) throws -> [AuditEntry] {
                var query = AuditQuery()
                edit(&query)
                return try store.all(query)
            }
            #expect(try rows { _ in }.map(\.reason) == [.invalidAPIKey, .allowed])
            let stranger = try #require(try rows { $0.reason = .invalidAPIKey }.first)
            #expect(stranger.crowd == crowd)
            #expect(stranger.clientIP == address)
            #expect(try rows { $0.kinds = .management }.map(\.action) == [action])
            #expect(try rows { $0.kinds = .all }.count == 3)
            #expect(
                try rows {
                    $0.kinds = .all
                    $0.keyID = key
                }.count == 2
            )
            #expect(
                try rows {
                    $0.kinds = .all
                    $0.keyID = Samples.keyID(4)
                }.isEmpty
            )
            #expect(
                try rows {
                    $0.kinds = .all
                    $0.isAllowed = false
                }.count == 1
            )
            #expect(try rows { $0.model = "" }.map(\.reason) == [.invalidAPIKey])
        }
        let chain = try store.verifyAuditChain()
        #expect(chain.decisions == 2)
        #expect(chain.actions == 1)
    }
}
