internal import Testing
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("The books")
struct BooksTests {
    @Test("know keys as the catalogue does, through any changes, however few stay in memory")
    func agreesWithCatalogue() throws {
        for limit in [64 * 8, 1 << 20] {
            var random = SeededGenerator(seed: 31)
            let shelf = try Shelf(limit: limit)
            var records: [Int: KeyRecord] = [:]
            for step in 0..<20_000 {
                let number = random.number(in: 0...699)
                guard let old = records[number] else {
                    let record = KeyRecord.sample(UInt64(number), digests: [digest(number, 0)])
                    records[number] = record
                    try shelf.catalogue.save(record, replacing: nil)
                    continue
                }
                if random.isOnce(in: 10) {
                    let record = changed(old, step, number, &random)
                    records[number] = record
                    try shelf.catalogue.save(record, replacing: old)
                    try shelf.books.keys.reload(record.id)
                }
                let secret = random.isOnce(in: 2) ? 0 : Int(records[number]?.version ?? 0)
                let digest = digest(number, secret)
                let found = try shelf.standing(of: digest)
                let isLive = records[number]?.secrets.contains { $0.digest == digest } == true
                #expect(found?.id == (isLive ? old.id : nil))
                #expect(found?.status == (isLive ? records[number]?.status : nil))
            }
            #expect(shelf.books.keys.count > 300)
        }
    }

    @Test("read a key from the catalogue once")
    func loadsOnce() throws {
        let shelf = try Shelf(limit: 1000)
        try shelf.catalogue.save(.sample(digests: [digest(1, 0)]), replacing: nil)
        for _ in 0..<5 { #expect(try shelf.standing(of: digest(1, 0)) != nil) }
        #expect(shelf.catalogue.loads == 1)
    }

    @Test("keep as many keys as the limit says, and those in use stay")
    func eviction() throws {
        let shelf = try Shelf(limit: 640)
        for number in 0..<10_000 {
            let record = KeyRecord.sample(UInt64(number), digests: [digest(number, 0)])
            try shelf.catalogue.save(record, replacing: nil)
        }
        let favourite = try #require(try shelf.books.key(for: digest(0, 0)))
        for number in 1..<10_000 {
            _ = try shelf.books.key(for: digest(number, 0))
            favourite.account.withLock { favourite.isRecent = true }
        }
        #expect(shelf.books.keys.count == 640)
        #expect(try shelf.books.key(for: digest(0, 0)) === favourite)
        #expect(shelf.books.secrets.count <= 640)
    }

    @Test("have no trace of digests that belong to no key")
    func unknownDigests() throws {
        let shelf = try Shelf(limit: 1000)
        for number in 0..<1000 { #expect(try shelf.books.key(for: digest(number, 0)) == nil) }
        #expect(shelf.books.secrets.count == 0)
        #expect(shelf.books.keys.count == 0)
    }

    @Test("keep nothing when the catalogue gives what cannot be compiled")
    func failures() throws {
        let shelf = try Shelf(limit: 1000)
        let damaged = KeyRecord.sample(digests: [digest(1, 0)]) { $0.models.allowed = [""] }
        try shelf.catalogue.save(damaged, replacing: nil)
        #expect(throws: EngineError.self) { try shelf.books.key(for: digest(1, 0)) }
        #expect(shelf.books.keys.count == 0)
        try shelf.catalogue.save(.sample(digests: [digest(1, 0)]), replacing: damaged)
        #expect(try shelf.standing(of: digest(1, 0)) != nil)
    }

    @Test("do not use a key any more whose new record cannot be compiled, until it can")
    func doubt() throws {
        let shelf = try Shelf(limit: 1000)
        let record = KeyRecord.sample(digests: [digest(1, 0)])
        try shelf.catalogue.save(record, replacing: nil)
        let key = try #require(try shelf.books.key(for: digest(1, 0)))
        var damaged = record
        damaged.models.allowed = [""]
        try shelf.catalogue.save(damaged, replacing: record)
        #expect(throws: EngineError.self) { try shelf.books.keys.reload(record.id) }
        #expect(key.account.withLock { key.isDoubtful })
        try shelf.catalogue.save(record, replacing: damaged)
        try shelf.books.keys.reload(record.id)
        #expect(key.account.withLock { !key.isDoubtful })
    }

    private func digest(_ number: Int, _ secret: Int) -> KeyDigest {
        var random = SeededGenerator(seed: UInt64(number) << 32 | UInt64(secret))
        return KeyDigest(words: (random.next(), random.next(), random.next(), random.next()))
    }

    /// The record with another status, or another secret beside or instead of the ones it has.
    private func changed(
        _ record: KeyRecord,
        _ step: Int,
        _ number: Int,
        _ random: inout SeededGenerator
    ) -> KeyRecord {
        var record = record
        record.version += 1
        guard random.isOnce(in: 2) else {
            record.status = record.status == .enabled ? .disabled : .enabled
            return record
        }
        let secret = StoredSecret(
            digest: digest(number, Int(record.version)),
            masked: "…",
            createdAt: record.createdAt
        )
        record.secrets = random.isOnce(in: 2) ? [secret] : [secret] + record.secrets.suffix(1)
        return record
    }
}

/// Books over a catalogue in memory.
private struct Shelf {
    let catalogue = InMemoryCatalogue()
    let books: Books

    init(limit: Int) throws {
        let pepper = [UInt8](repeating: 7, count: Pepper.byteCount)
        let journal = InMemoryJournal()
        var options = EngineOptions()
        options.activeKeyLimit = limit
        books = try Books(
            epoch: .first,
            EngineParts(
                catalogue: catalogue,
                groups: InMemoryGroups(),
                journal: journal,
                ledger: journal,
                time: ManualTime(),
                digester: try SecretDigester(try Pepper(bytes: pepper.span))
            ),
            options
        )
    }

    /// The rules that a digest stands for; nil when it stands for none.
    func standing(of digest: KeyDigest) throws -> KeyRules? {
        guard let key = try books.key(for: digest) else { return nil }
        let (rules, isRetired) = key.account.withLock { (key.rules, key.isRetired) }
        if isRetired {
            books.secrets.remove(digest)
            return try standing(of: digest)
        }
        return rules.accepts(digest, at: WallTime(milliseconds: 1000)) ? rules : nil
    }
}
