internal import Foundation
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore

@Suite("A store that was tampered with")
struct DamageTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ name: String = "data") throws -> Store {
        try Store(directory: directory.path(name), options: Samples.options)
    }

    private func code(_ body: () throws -> Void) -> StorageError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? StorageError)?.code
        }
    }

    /// A closed store with keys, 2,000 decisions in a segment and 2,000 in the journal, as a killed
    /// process leaves it.
    private func fill() throws {
        let store = try Store(directory: directory.path("live"), options: Samples.options)
        for number in 1...50 {
            try store.save(Samples.record(number, digests: [number]), replacing: nil)
        }
        for start in 0..<400 {
            let decisions = (0..<10).map { Decision(requestID: "\(start)-\($0)") }
            try store.append(BlockBuilder.block(at: Int64(start), decisions))
            if start == 199 { try store.seal() }
        }
        try directory.copy("live", to: "data")
    }

    @Test("is refused when a bit of its log was turned", arguments: [0.2, 0.5, 0.8])
    func flippedLog(fraction: Double) throws {
        try fill()
        let log = try #require(directory.files(in: "data/db", ending: ".log").last)
        try flipBit(of: log, at: fraction)
        let found = code { _ = try open() }
        #expect(found == .corrupt)
    }

    @Test("says so when a bit of a table was turned", arguments: [0.1, 0.4, 0.7])
    func flippedTable(fraction: Double) throws {
        try fill()
        // Closing writes what is in memory into tables.
        try open().close()
        for table in try directory.files(in: "data/db", ending: ".sst") {
            try directory.copy("data", to: "copy")
            let name = try #require(table.split(separator: "/").last)
            try flipBit(of: directory.path("copy/db/\(name)"), at: fraction)
            var entries = 0
            var keys = 0
            let found = code {
                let store = try open("copy")
                keys = try store.page(after: nil, limit: 100, scanLimit: 100) { _ in true }
                    .records.count
                for number in 1...50 {
                    let record = try store.record(forDigest: Samples.digest(number))
                    #expect(record?.id == Samples.keyID(number))
                }
                entries = try store.all(AuditQuery()).count
                _ = try store.verifyAuditChain()
            }
            // A bit that nobody reads may stay unnoticed; what is read is right or an error.
            #expect(found == .corrupt || found == nil && entries == 4_000 && keys == 50)
        }
    }

    @Test("is refused when its log is gone, until an administrator accepts the loss")
    func deletedLog() throws {
        let store = try open()
        for number in 1...10 {
            try store.append(BlockBuilder.block(at: 1, [Decision(requestID: "\(number)")]))
        }
        store.close()
        for log in try directory.files(in: "data/db", ending: ".log") {
            try FileManager.default.removeItem(atPath: log)
        }
        #expect(code { _ = try open() } == .corrupt)
        try FileManager.default.removeItem(atPath: directory.path("data/watermark"))
        let poorer = try open()
        #expect(try poorer.all(AuditQuery()).isEmpty)
        // What the ledger has of the lost ones stays counted, and their positions are taken.
        #expect(poorer.ledgerPosition == JournalPosition(rawValue: 10))
        #expect(try poorer.append(BlockBuilder.block(at: 1, [Decision()])) == 11)
        poorer.close()
        #expect(try open().statistics.position == 11)
    }

    @Test("is refused when its whole database is gone")
    func deletedDatabase() throws {
        let store = try open()
        try store.append(BlockBuilder.block(at: 1, [Decision()]))
        store.close()
        try FileManager.default.removeItem(atPath: directory.path("data/db"))
        #expect(code { _ = try open() } == .corrupt)
    }

    @Test("is refused when changes of keys are missing")
    func missingChange() throws {
        let young = try open("young")
        young.close()
        let store = try open()
        try store.save(Samples.record(1, digests: [1]), replacing: nil)
        store.close()
        try FileManager.default.removeItem(atPath: directory.path("data/db"))
        try directory.copy("young/db", to: "data/db")
        #expect(code { _ = try open() } == .corrupt)
    }

    @Test("trusts the other slot of a torn watermark, and none of a destroyed one")
    func tornWatermark() throws {
        let store = try open()
        try store.append(BlockBuilder.block(at: 1, [Decision()]))
        store.close()
        let file = directory.path("data/watermark")
        let original = try Data(contentsOf: URL(fileURLWithPath: file))
        try flipBit(of: file, at: 0)
        #expect(code { try open().close() } == nil)
        try Data(repeating: 7, count: original.count).write(to: URL(fileURLWithPath: file))
        #expect(code { _ = try open() } == .corrupt)
    }

    @Test("refuses a second opener, and opens for it once the first has closed")
    func locked() throws {
        let first = try open()
        #expect(code { _ = try open() } == .locked)
        first.close()
        #expect(code { _ = try open() } == nil)
    }

    @Test("refuses what is no directory")
    func unusable() throws {
        try Data([1]).write(to: URL(fileURLWithPath: directory.path("file")))
        #expect(code { _ = try open("file") } == .unusable)
        #expect(code { _ = try open("missing/deep") } == .unusable)
    }

    @Test("is made for its owner alone, without a diary of RocksDB's")
    func permissions() throws {
        let store = try open()
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path("data"))
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path("data/db"))
        #expect(!names.contains { $0.hasPrefix("LOG") })
        store.close()
    }
}
