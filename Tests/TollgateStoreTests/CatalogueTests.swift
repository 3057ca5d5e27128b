internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

/// What every catalogue promises: asked of the real one and of the one in memory.
@Suite("Every catalogue")
struct CatalogueTests {
    enum Kind: CaseIterable {
        case stored
        case inMemory
    }

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func make(_ kind: Kind) throws -> any KeyCatalogue {
        switch kind {
        case .stored: try Store(directory: directory.path("data"), options: Samples.options)
        case .inMemory: InMemoryCatalogue()
        }
    }

    @Test("finds a record by its id and by each of its live secrets", arguments: Kind.allCases)
    func finds(kind: Kind) throws {
        let catalogue = try make(kind)
        #expect(try catalogue.isEmpty())
        let record = Samples.record(1, digests: [10, 11])
        try catalogue.save(record, replacing: nil)
        #expect(try catalogue.isEmpty() == false)
        #expect(try catalogue.record(id: record.id) == record)
        #expect(try catalogue.record(forDigest: Samples.digest(10)) == record)
        #expect(try catalogue.record(forDigest: Samples.digest(11)) == record)
        #expect(try catalogue.record(forDigest: Samples.digest(12)) == nil)
        #expect(try catalogue.record(id: Samples.keyID(2)) == nil)
    }

    @Test("forgets a secret that a change has taken away", arguments: Kind.allCases)
    func replaces(kind: Kind) throws {
        let catalogue = try make(kind)
        let old = Samples.record(1, digests: [10, 11])
        try catalogue.save(old, replacing: nil)
        var new = Samples.record(1, digests: [12, 10])
        new.status = .disabled
        new.version = 2
        try catalogue.save(new, replacing: old)
        #expect(try catalogue.record(forDigest: Samples.digest(11)) == nil)
        #expect(try catalogue.record(forDigest: Samples.digest(10)) == new)
        #expect(try catalogue.record(forDigest: Samples.digest(12)) == new)
    }

    @Test("lists the newest first, in pages, without losing or repeating", arguments: Kind.allCases)
    func pages(kind: Kind) throws {
        let catalogue = try make(kind)
        for number in 1...25 {
            try catalogue.save(Samples.record(number, digests: [number]), replacing: nil)
        }
        var cursor: KeyID?
        var names: [String] = []
        repeat {
            let page = try catalogue.page(after: cursor, limit: 4, scanLimit: 7) { record in
                record.id != Samples.keyID(13)
            }
            #expect(page.records.count <= 4)
            names += page.records.map(\.name)
            cursor = page.next
        } while cursor != nil
        #expect(names == (1...25).reversed().filter { $0 != 13 }.map { "key \($0)" })
    }

    @Test(
        "stops looking after the scan limit and says from where to go on",
        arguments: Kind.allCases
    )
    func scanLimit(kind: Kind) throws {
        let catalogue = try make(kind)
        for number in 1...10 {
            try catalogue.save(Samples.record(number, digests: [number]), replacing: nil)
        }
        let page = try catalogue.page(after: nil, limit: 5, scanLimit: 3) { _ in false }
        #expect(page.records.isEmpty)
        #expect(page.next == Samples.keyID(8))
    }

    @Test("finds the keys of a session until they are revoked", arguments: Kind.allCases)
    func sessions(kind: Kind) throws {
        let catalogue = try make(kind)
        var records: [KeyRecord] = []
        for (number, session) in ["s", "s", "ss", "", "s"].enumerated() {
            var record = Samples.record(number + 1, digests: [number])
            record.session = session.isEmpty ? nil : session
            records.append(record)
            try catalogue.save(record, replacing: nil)
        }
        #expect(try catalogue.keys(ofSession: "s", limit: 10) == [1, 2, 5].map(Samples.keyID))
        #expect(try catalogue.keys(ofSession: "s", limit: 2) == [1, 2].map(Samples.keyID))
        #expect(try catalogue.keys(ofSession: "ss", limit: 10) == [Samples.keyID(3)])
        #expect(try catalogue.keys(ofSession: "", limit: 10).isEmpty)
        var revoked = records[1]
        revoked.status = .revoked
        try catalogue.save(revoked, replacing: records[1])
        #expect(try catalogue.keys(ofSession: "s", limit: 10) == [1, 5].map(Samples.keyID))
    }

    @Test("finds the keys whose time is over, once, in its order", arguments: Kind.allCases)
    func expiries(kind: Kind) throws {
        let catalogue = try make(kind)
        var records: [KeyRecord] = []
        for (number, end) in [30, -20, 10, 10, nil].enumerated() {
            var record = Samples.record(number + 1, digests: [number])
            record.expiresAt = end.map { WallTime(milliseconds: Int64($0)) }
            records.append(record)
            try catalogue.save(record, replacing: nil)
        }
        func over(by time: Int64, limit: Int = 10) throws -> [KeyID] {
            try catalogue.keysExpired(by: WallTime(milliseconds: time), limit: limit)
        }
        #expect(try over(by: -21).isEmpty)
        #expect(try over(by: 9) == [Samples.keyID(2)])
        #expect(try over(by: 10) == [2, 3, 4].map(Samples.keyID))
        #expect(try over(by: 1000, limit: 2) == [2, 3].map(Samples.keyID))
        var recorded = records[1]
        recorded.isExpiryRecorded = true
        try catalogue.save(recorded, replacing: records[1])
        var later = records[2]
        later.expiresAt = WallTime(milliseconds: 2000)
        try catalogue.save(later, replacing: records[2])
        #expect(try over(by: 1000) == [4, 1].map(Samples.keyID))
    }

    @Test("knows whether a secret ever came as a hash", arguments: Kind.allCases)
    func hashed(kind: Kind) throws {
        let catalogue = try make(kind)
        try catalogue.save(Samples.record(1, digests: [1]), replacing: nil)
        #expect(!catalogue.hasHashedSecrets)
        var record = Samples.record(2, digests: [2])
        record.secrets[0].isHashed = true
        try catalogue.save(record, replacing: nil)
        #expect(catalogue.hasHashedSecrets)
    }
}
