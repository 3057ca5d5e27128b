internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("The keys in memory")
struct KeyTableTests {
    @Test("answer as a plain dictionary would, through any changes")
    func agreesWithModel() throws {
        var random = SeededGenerator(seed: 31)
        let table = KeyTable(limit: 1 << 20)
        var catalogue: [KeyDigest: KeyRecord] = [:]
        let digests = (0..<400).map { _ in self.digest(&random, spread: 3) }
        for step in 0..<20_000 {
            let digest = digests[random.number(in: 0...digests.count - 1)]
            let known = catalogue[digest]
            switch random.number(in: 0...9) {
            case 0 where known == nil:
                catalogue[digest] = .sample(UInt64(step), digests: [digest])
            case 1:
                guard let known else { continue }
                let changed = with(known) { record in
                    record.status = record.status == .enabled ? .disabled : .enabled
                }
                catalogue[digest] = changed
                try table.replace(known, by: changed)
            case 2:
                guard let known else { continue }
                catalogue[digest] = nil
                try table.replace(known, by: with(known) { $0.secrets = [] })
            case 3:
                guard let known else { continue }
                table.forget(known)
            default:
                let found = try table.rules(for: digest, at: Self.now) { catalogue[digest] }
                #expect(found?.id == known?.id)
                #expect(found?.status == known?.status)
            }
        }
        #expect(table.count <= catalogue.count)
        #expect(table.count > 100)
    }

    @Test("are read from the catalogue once")
    func loadsOnce() throws {
        var random = SeededGenerator(seed: 32)
        let table = KeyTable(limit: 1000)
        let digest = digest(&random)
        var loads = 0
        for _ in 0..<5 {
            let rules = try table.rules(for: digest, at: Self.now) {
                loads += 1
                return .sample(digests: [digest])
            }
            #expect(rules != nil)
        }
        #expect(loads == 1)
    }

    @Test("stay as many as the limit says, and those in use stay")
    func eviction() throws {
        var random = SeededGenerator(seed: 33)
        let table = KeyTable(limit: 640)
        let favourite = digest(&random)
        var loads = 0
        for number in 0..<20_000 {
            let digest = digest(&random)
            _ = try table.rules(for: digest, at: Self.now) {
                .sample(UInt64(number), digests: [digest])
            }
            let found = try table.rules(for: favourite, at: Self.now) {
                loads += 1
                return .sample(digests: [favourite])
            }
            #expect(found != nil)
        }
        #expect(table.count == 640)
        #expect(loads == 1)
    }

    @Test("find every key again after others have left, wherever their places collide")
    func chains() throws {
        var random = SeededGenerator(seed: 34)
        // All in one shard, and with eight home places among them.
        let table = KeyTable(limit: 64 * 500)
        let digests = (0..<300).map { _ in
            KeyDigest(words: (5, random.next() & 7, random.next(), random.next()))
        }
        let records = digests.enumerated().map { KeyRecord.sample(UInt64($0), digests: [$1]) }
        for (digest, record) in zip(digests, records) {
            _ = try table.rules(for: digest, at: Self.now) { record }
        }
        var left = Set(records.indices)
        for index in records.indices.shuffled(using: &random) {
            table.forget(records[index])
            left.remove(index)
            #expect(table.count == left.count)
            for other in left where other % 7 == index % 7 {
                let rules = try table.rules(for: digests[other], at: Self.now) { nil }
                #expect(rules?.id == records[other].id)
            }
        }
    }

    @Test("have no trace of digests that belong to no key")
    func unknownDigests() throws {
        var random = SeededGenerator(seed: 35)
        let table = KeyTable(limit: 1000)
        for _ in 0..<1000 {
            let rules = try table.rules(for: digest(&random), at: Self.now) { nil }
            #expect(rules == nil)
        }
        #expect(table.count == 0)
    }

    @Test("work until the exact end of a secret's grace")
    func grace() throws {
        var random = SeededGenerator(seed: 36)
        let table = KeyTable(limit: 1000)
        let new = digest(&random)
        let old = digest(&random)
        let record = with(.sample(digests: [new, old])) { record in
            record.secrets[1].validUntil = WallTime(milliseconds: 500)
        }
        func isKnown(_ digest: KeyDigest, at milliseconds: Int64) throws -> Bool {
            let time = WallTime(milliseconds: milliseconds)
            return try table.rules(for: digest, at: time) { record } != nil
        }
        for _ in 0..<2 {
            #expect(try isKnown(old, at: 499))
            #expect(try !isKnown(old, at: 500))
            #expect(try isKnown(new, at: 500))
        }
        #expect(table.count == 2)
    }

    @Test("keep nothing when the catalogue fails, or gives what cannot be compiled")
    func failures() throws {
        var random = SeededGenerator(seed: 37)
        let table = KeyTable(limit: 1000)
        let digest = digest(&random)
        #expect(throws: StorageError.self) {
            try table.rules(for: digest, at: Self.now) { () throws(StorageError) in
                throw StorageError(.io, "planted")
            }
        }
        let damaged = with(.sample(digests: [digest])) { $0.models.allowed = [""] }
        #expect(throws: StorageError.self) {
            try table.rules(for: digest, at: Self.now) { damaged }
        }
        #expect(table.count == 0)
        let healed = try table.rules(for: digest, at: Self.now) { .sample(digests: [digest]) }
        #expect(healed != nil)
    }

    @Test("do not take a key whose record has another secret")
    func foreignRecord() throws {
        var random = SeededGenerator(seed: 38)
        let table = KeyTable(limit: 1000)
        let asked = digest(&random)
        let other = digest(&random)
        let rules = try table.rules(for: asked, at: Self.now) { .sample(digests: [other]) }
        #expect(rules == nil)
        #expect(table.count == 0)
    }

    private static let now = WallTime(milliseconds: 1000)

    /// A digest; with a `spread`, one whose places collide with others.
    private func digest(_ random: inout SeededGenerator, spread: UInt64? = nil) -> KeyDigest {
        let second = spread.map { random.next() & $0 } ?? random.next()
        return KeyDigest(words: (random.next(), second, random.next(), random.next()))
    }

    private func with(_ record: KeyRecord, _ edit: (inout KeyRecord) -> Void) -> KeyRecord {
        var record = record
        edit(&record)
        return record
    }
}
