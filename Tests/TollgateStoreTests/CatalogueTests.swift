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
}
