internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("A decision's record")
struct DecisionRecordTests {
    @Test("is read as it was written, whatever the request")
    func roundTrips() throws {
        var random = SeededGenerator(seed: 21)
        var seen: [AuditEntry] = []
        for _ in 0..<300 {
            var block = JournalBlock()
            block.reset(at: Self.time)
            var expected: [AuditEntry] = []
            for index in 0..<random.number(in: 1...5) {
                var request = CheckRequest()
                var entry = try randomEntry(&random, UInt32(index), &request)
                let verdict = try randomVerdict(&random)
                entry = AuditEntry(copying: entry, verdict)
                let isWritten = DecisionRecord.write(verdict, on: request, to: &block)
                #expect(isWritten)
                expected.append(entry)
            }
            #expect(try decisions(in: bytes(of: block)) == expected)
            try expectOutlines(in: bytes(of: block), of: expected)
            seen += expected
        }
        // Otherwise the random verdicts would show less than they seem to.
        #expect(seen.contains { $0.limit != nil })
        #expect(seen.contains { $0.monitored != .allowed })
        #expect(seen.contains { $0.isUnusual })
        #expect(seen.contains { $0.reservedCost > .zero })
    }

    @Test("takes the longest request there can be")
    func longest() throws {
        var request = CheckRequest()
        for field in CheckRequest.Field.allCases {
            try request.set(field, to: String(repeating: "x", count: field.limit))
        }
        let value = String(repeating: "v", count: CheckRequest.metadataLimit - 5)
        try request.addMetadata("k", value)
        request.tokens = .max
        request.inputTokens = .max
        let entry = try #require(try decisions(in: try block(with: request)).first)
        #expect(entry.metadata == [AuditEntry.Pair(key: "k", value: value)])
        #expect(entry[.userAgent].utf8.count == CheckRequest.Field.userAgent.limit)
        #expect(entry.tokens == .max)
    }

    @Test("never contains the secret")
    func noSecret() throws {
        var request = CheckRequest()
        request.present("a-very-secret-secret")
        try request.set(.model, to: "gpt-4o")
        let bytes = try block(with: request)
        #expect(String(decoding: bytes, as: UTF8.self).contains("gpt-4o"))
        #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"))
    }

    @Test("is refused wherever it is cut off")
    func truncation() throws {
        let whole = try sampleBlock()
        #expect(try decisions(in: whole).count == 1)
        for count in 0..<whole.count {
            #expect(throws: StorageError.self) { try decisions(in: Array(whole[..<count])) }
        }
        #expect(throws: StorageError.self) { try decisions(in: whole + [0]) }
    }

    @Test("with any bit changed is refused or read as another one")
    func bitFlips() throws {
        let whole = try sampleBlock()
        let original = try decisions(in: whole)
        let time = try JournalBlockReader(whole.span).now
        var refused = 0
        for bit in 0..<whole.count * 8 {
            var changed = whole
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let entries = try? decisions(in: changed) else {
                refused += 1
                continue
            }
            var reader = try JournalBlockReader(changed.span)
            let isSameTime = reader.now == time
            // The audit log does not show whether somebody is to be told.
            var isTold = false
            if let record = try reader.next() {
                isTold = try DecisionRecord.outline(of: record).isWatched
            }
            #expect(entries != original || !isSameTime || isTold, "bit \(bit)")
        }
        #expect(refused > 100)
    }

    @Test("survives bytes that were never a block")
    func garbage() {
        var random = SeededGenerator(seed: 22)
        var read = 0
        for _ in 0..<5000 {
            var bytes = random.bytes(random.number(in: 0...300))
            // With a header that is right, so that the records are looked at.
            let start = JournalBlock.headerLength
            if bytes.count > start + 3 {
                bytes.replaceSubrange(0..<1, with: [JournalBlock.version])
                bytes.replaceSubrange(9..<13, with: [1, 0, 0, 0])
                let left = bytes.count - start
                bytes.replaceSubrange(
                    start..<start + 3,
                    with: [UInt8(left & 0xFF), UInt8(left >> 8), 1]
                )
            }
            if (try? decisions(in: bytes)) != nil { read += 1 }
        }
        #expect(read == 0)
    }

    @Test("of another type or with unknown flags is refused")
    func unknownShapes() throws {
        let whole = try sampleBlock()
        let record = JournalBlock.headerLength
        for (offset, value) in [(2, 2), (2, 0), (3, 39), (3, 255), (4, 16), (4, 32), (4, 0x80)] {
            var changed = whole
            changed[record + offset] = UInt8(value)
            #expect(throws: StorageError.self) { try decisions(in: changed) }
        }
    }

    @Test("with a text that is none is refused, not repaired")
    func badText() throws {
        var changed = try sampleBlock()
        let place = try #require(changed.firstRange(of: Array("gpt-4o".utf8))?.lowerBound)
        changed[place] = 0xFF
        #expect(throws: StorageError.self) { try decisions(in: changed) }
    }

    /// What is read without the texts is what is read with them.
    private func expectOutlines(in block: [UInt8], of entries: [AuditEntry]) throws {
        var reader = try JournalBlockReader(block.span)
        for (index, entry) in entries.enumerated() {
            #expect(reader.left == UInt32(entries.count - index))
            guard let record = try reader.next() else {
                Issue.record("no record \(index)")
                return
            }
            let outline = try DecisionRecord.outline(of: record)
            #expect(outline.reason == entry.reason)
            #expect(outline.keyID == entry.keyID)
            let model = try DecisionRecord.model(of: record).withUnsafeBufferPointer {
                String(decoding: $0, as: UTF8.self)
            }
            #expect(model == entry[.model])
        }
    }

    @Test("with a limit, a level or a reason that nobody knows is refused")
    func unknownNumbers() throws {
        let whole = try sampleBlock()
        let record = JournalBlock.headerLength
        for (offset, value) in [(93, 39), (94, 2), (94, 255)] {
            var changed = whole
            changed[record + offset] = UInt8(value)
            #expect(throws: StorageError.self) { try decisions(in: changed) }
        }
        var changed = whole
        changed[record + 94] = LimitName.perMinute.rawValue
        #expect(try decisions(in: changed).first?.limit?.level == .key)
        changed[record + 95] = 4
        #expect(throws: StorageError.self) { try decisions(in: changed) }
    }

    private static let time = Now(
        wall: WallTime(milliseconds: 1_700_000_000_123),
        monotonic: MonotonicTime(nanoseconds: 7_000_000_000)
    )
    private static let key = KeyID(rawValue: 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210)

    private func sampleBlock() throws -> [UInt8] {
        var request = CheckRequest()
        try request.set(.model, to: "gpt-4o")
        try request.set(.requestID, to: "req-é")
        try request.addMetadata("team", "red")
        request.clientIP = IPAddress("2001:db8::7")
        request.tokens = 1000
        request.inputTokens = 10
        return try block(with: request)
    }

    private func block(with request: borrowing CheckRequest) throws -> [UInt8] {
        var block = JournalBlock()
        block.reset(at: Self.time)
        let verdict = Verdict(denying: .regionNotAllowed, keyID: Self.key)
        guard DecisionRecord.write(verdict, on: request, to: &block) else { return [] }
        return bytes(of: block)
    }

    private func randomEntry(
        _ random: inout SeededGenerator,
        _ index: UInt32,
        _ request: inout CheckRequest
    ) throws -> AuditEntry {
        let place = AuditPlace(position: JournalPosition(rawValue: 1), index: index)
        var entry = AuditEntry(place: place, time: Self.time.wall, reason: .allowed)
        for field in CheckRequest.Field.allCases where !random.isOnce(in: 3) {
            let text = random.text(random.number(in: 0...field.limit / 4), of: "aZ0 -é€𝄞")
            try request.set(field, to: text)
            entry[field] = text
        }
        for _ in 0..<random.number(in: 0...3) {
            let key = random.text(random.number(in: 0...10), of: "kK_é")
            let value = random.text(random.number(in: 0...300), of: "v ")
            try request.addMetadata(key, value)
            entry.metadata.append(AuditEntry.Pair(key: key, value: value))
        }
        if random.isOnce(in: 2) { request.clientIP = IPAddress(bits: random.uint128()) }
        request.tokens = random.next()
        request.inputTokens = random.next()
        entry.clientIP = request.clientIP
        entry.tokens = request.tokens
        entry.inputTokens = request.inputTokens
        return entry
    }

    private func randomVerdict(
        _ random: inout SeededGenerator
    ) throws -> Verdict {
        let key = KeyID(rawValue: random.uint128())
        let reasons = Reason.allCases
        let reason = reasons[random.number(in: 0...reasons.count - 1)]
        guard reason == .allowed || random.isOnce(in: 2) else {
            return Verdict(denying: reason, keyID: random.isOnce(in: 4) ? nil : key)
        }
        var record = KeyRecord(id: key, name: "any", createdAt: Self.time.wall)
        if random.isOnce(in: 2) { record.limits.budgets.total = Money(nanos: 10) }
        if random.isOnce(in: 2) { record.enforcement = .monitor }
        let rules = try KeyRules(record, zones: .utcOnly)
        let meter = Meter(
            id: SubjectID(key),
            level: .key,
            rules: rules.limits,
            counters: Counters()
        )
        var question = CheckRequest()
        question.tokens = random.next() >> UInt64(random.number(in: 24...63))
        return Decide.verdict(
            on: question,
            by: DecisionSubject(rules: rules, chain: MeterChain(key: meter)),
            price: .known(ModelPrice(input: 2500, output: 10_000)),
            at: Self.time,
            reservation: ReservationID(rawValue: random.uint128())
        )
    }
}

extension AuditEntry {
    /// What a request said, with the verdict that it got.
    fileprivate init(copying entry: AuditEntry, _ verdict: Verdict) {
        self.init(place: entry.place, time: entry.time, reason: verdict.reason)
        keyID = verdict.keyID
        reservation = verdict.reservation
        reservedCost = Money(nanos: verdict.charge?.amounts.cost ?? 0)
        monitored = verdict.monitored
        isUnusual = verdict.isUnusual
        found = verdict.found
        limit = verdict.limit.map { LimitPlace(name: $0.limit, level: $0.level) }
        clientIP = entry.clientIP
        tokens = entry.tokens
        inputTokens = entry.inputTokens
        metadata = entry.metadata
        for field in CheckRequest.Field.allCases { self[field] = entry[field] }
    }
}
