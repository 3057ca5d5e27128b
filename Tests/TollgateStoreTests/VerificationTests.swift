internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@testable internal import TollgateStore

@Suite("Verifying an audit trail")
struct VerificationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A closed store with four segments, ending at 10, 20, 30 and 40, and ten blocks behind them.
    ///
    /// - Returns: how far it had come after each segment.
    private func fill() throws -> [AuditCheckpoint] {
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        var checkpoints: [AuditCheckpoint] = []
        for number in 1...50 {
            let decisions = (0..<40).map {
                Decision(keyID: Samples.keyID($0 % 7), requestID: "\(number)-\($0)")
            }
            let block = BlockBuilder.block(at: Int64(number) * 1000, decisions)
            guard number.isMultiple(of: 10), number < 50 else {
                try store.append(block)
                continue
            }
            // A checkpoint tells how far the journal is durable.
            _ = try store.appendDurably(block.span, epoch: .first)
            try store.seal()
            checkpoints.append(try store.checkpoint())
        }
        store.close()
        return checkpoints
    }

    private func verify(_ checkpoints: [AuditCheckpoint] = []) throws -> StoreVerification {
        try Store.verify(
            directory: directory.path("data"),
            options: Samples.options,
            checkpoints: checkpoints
        )
    }

    /// One change behind the store's back.
    private enum Edit {
        case put([UInt8], [UInt8], Database.Family)
        case delete([UInt8], Database.Family)
        case deleteContent(UInt64)
        case seal(upTo: UInt64)
        case drop(from: UInt64, upTo: UInt64)
    }

    private func openDatabase() throws -> Database {
        try Store.open(directory.path("data/db"), Samples.options)
    }

    private func tamper(_ edits: [Edit]) throws {
        let database = try openDatabase()
        var batch = try database.makeBatch()
        for edit in edits {
            switch edit {
            case .put(let key, let value, let family):
                batch.put(key.span, value.span, in: family)
            case .delete(let key, let family):
                batch.delete(key.span, in: family)
            case .deleteContent(let name):
                batch.delete(from: name.key.span, upTo: (name + 1).key.span, in: .segments)
            case .seal(let position):
                BlockJournal.seal(upTo: position, in: &batch)
            case .drop(let first, let last):
                BlockJournal.drop(from: first, upTo: last, in: &batch)
            }
        }
        try database.write(batch, .synced)
        // The batch is inside the database's gate.
        _ = consume batch
        database.close()
    }

    private func bytes(_ key: [UInt8], in family: Database.Family) throws -> [UInt8] {
        let database = try openDatabase()
        defer { database.close() }
        return try copy(key, in: family, of: try database.snapshot())
    }

    private func copy(
        _ key: [UInt8],
        in family: Database.Family,
        of snapshot: Snapshot
    ) throws -> [UInt8] {
        guard let value = try snapshot.value(of: key.span, in: family) else { return [] }
        return value.bytes.withUnsafeBufferPointer { Array($0) }
    }

    @Test("finds nothing wrong with what was not touched, nor with its checkpoints")
    func untouched() throws {
        let checkpoints = try fill()
        let found = try verify(checkpoints)
        #expect(found.problems == [])
        #expect(found.chain.segments == 4)
        #expect(found.chain.decisions == 1600)
        #expect(found.position == 50)
        #expect(found.unsealedBlocks == 10)
        #expect(found.checkpoints == 4)
    }

    @Test("names the segment and the place of an edited record")
    func editedRecord() throws {
        _ = try fill()
        let key = SegmentChunk.key(20, .texts, 0)
        var texts = try bytes(key, in: .segments)
        let place = try #require(
            texts.indices.first { texts[$0...].starts(with: Array("11-3".utf8)) }
        )
        texts[place + 3] = UInt8(ascii: "9")
        try tamper([.put(key, texts, .segments)])
        let problem = try #require(try verify().problems.first)
        #expect(problem.hasPrefix("segment 20: chunk 0 of its texts is not what was sealed"))
        #expect(problem.contains("log_11_0"))
    }

    @Test("finds an edited record whose hashes were made to match, by what comes behind it")
    func editedWithHashes() throws {
        let checkpoints = try fill()
        // The whole segment as somebody would seal it who has another past.
        let stored = try bytes(UInt64(20).key, in: .headers)
        var header = try SegmentHeader(stored.span)
        let other = [UInt8](repeating: 7, count: 32)
        header.hash = try SegmentHeader.digest(other.span)
        try tamper([.put(UInt64(20).key, header.bytes, .headers)])
        let problems = try verify(checkpoints).problems
        #expect(problems.contains { $0.hasPrefix("segment 20:") })
        #expect(problems.contains { $0.hasPrefix("segment 30: it was sealed behind another past") })
        #expect(problems.contains { $0.contains("was rewritten") })
    }

    @Test("finds a deleted segment, whichever it is", arguments: [10, 20, 30, 40] as [UInt64])
    func deletedSegment(name: UInt64) throws {
        _ = try fill()
        try tamper([.delete(name.key, .headers), .deleteContent(name)])
        let problems = try verify().problems
        #expect(problems.count == 1)
        let expected =
            name == 40
            ? "audit log: the last segment ends at position 30, but everything up to 40"
            : "segment \(name + 10): what comes before it is missing:"
                + " positions \(name - 9) to \(name)"
        #expect(problems.first?.hasPrefix(expected) == true)
    }

    @Test("finds segments that were exchanged")
    func exchanged() throws {
        _ = try fill()
        let first = try bytes(UInt64(20).key, in: .headers)
        let second = try bytes(UInt64(30).key, in: .headers)
        try tamper([
            .put(UInt64(30).key, first, .headers), .put(UInt64(20).key, second, .headers),
        ])
        let problems = try verify().problems
        #expect(problems.contains { $0.hasPrefix("segment 20: it was sealed as segment 30") })
        #expect(problems.contains { $0.hasPrefix("segment 30: it was sealed as segment 20") })
    }

    @Test("finds a removed end, even one that fits together, by a checkpoint")
    func truncated() throws {
        let checkpoints = try fill()
        try tamper([
            .delete(UInt64(40).key, .headers), .deleteContent(40), .seal(upTo: 30),
            .drop(from: 31, upTo: 50),
        ])
        let problems = try verify(checkpoints).problems
        #expect(problems.contains { $0.contains("segments behind 30 were removed") })
        #expect(problems.contains { $0.contains("the store ends at position 30") })
    }

    @Test("finds chunks that were added or taken away, and a header that cannot be read")
    func chunks() throws {
        _ = try fill()
        let junk: [UInt8] = [1, 2, 3]
        try tamper([
            .put(SegmentChunk.key(10, .texts, 99), junk, .segments),
            .delete(SegmentChunk.key(30, .rows, 0), .segments),
            .put(UInt64(40).key, junk, .headers),
        ])
        let problems = try verify().problems
        #expect(problems.contains { $0.hasPrefix("segment 10:") })
        #expect(problems.contains { $0.hasPrefix("segment 30:") })
        #expect(problems.contains("segment 40: its header makes no sense"))
    }

    /// Names a chunk of segment 20 otherwise.
    private func rename(_ kind: SegmentChunk.Kind, to key: [UInt8]) throws -> [Edit] {
        let old = SegmentChunk.key(20, kind, 0)
        return [.put(key, try bytes(old, in: .segments), .segments), .delete(old, .segments)]
    }

    @Test(
        "finds chunks of other numbers, though all that is there is in its order",
        arguments: [.texts, .rows, .keys, .allows, .usage] as [SegmentChunk.Kind]
    )
    func renumbered(kind: SegmentChunk.Kind) throws {
        _ = try fill()
        var edits: [Edit] = [.delete(SegmentChunk.key(20, kind, 0), .segments)]
        var number: UInt32 = 0
        while case let chunk = try bytes(SegmentChunk.key(20, kind, number), in: .segments),
            !chunk.isEmpty
        {
            number += 1
            edits.append(.put(SegmentChunk.key(20, kind, number), chunk, .segments))
        }
        try tamper(edits)
        let problem = "segment 20: chunk 1 of its \(kind) is where none was sealed"
        #expect(try verify().problems == [problem])
    }

    @Test("finds chunks of other kinds than were sealed, or of none")
    func otherKinds() throws {
        _ = try fill()
        // Ends come before usage, and there are none: the order stays as it was.
        try tamper(try rename(.usage, to: SegmentChunk.key(20, .ends, 0)))
        #expect(
            try verify().problems == [
                "segment 20: it has 1 chunks of ends, but 0 were sealed",
                "segment 20: it has 0 chunks of usage, but 1 were sealed",
            ]
        )
        try tamper(try rename(.ends, to: UInt64(20).key + [7] + UInt32(0).key))
        let unknown = "segment 20: chunk 0 of its unknown is where none was sealed"
        #expect(try verify().problems == [unknown])
    }

    @Test("finds a chunk whose name goes on behind what it should be")
    func longerName() throws {
        _ = try fill()
        try tamper(try rename(.usage, to: SegmentChunk.key(20, .usage, 0) + [0]))
        let problem = "segment 20: chunk 0 of its usage is where none was sealed"
        #expect(try verify().problems == [problem])
    }

    @Test("still proves what is left when old segments were deleted for their age")
    func retention() throws {
        let checkpoints = try fill()
        let options = Samples.options
        var store = try Store(directory: directory.path("data"), options: options)
        let before = try store.all(AuditQuery()).map(\.place)
        #expect(try store.deleteAuditLog(before: WallTime(milliseconds: 20_000)) == 1)
        #expect(try store.deleteAuditLog(before: WallTime(milliseconds: 20_001)) == 1)
        #expect(try store.deleteAuditLog(before: WallTime(milliseconds: 20_001)) == 0)
        let after = try store.all(AuditQuery()).map(\.place)
        #expect(after == before.filter { $0.position.rawValue > 20 })
        store.close()
        let found = try verify(checkpoints)
        #expect(found.problems == [])
        #expect(found.chain.deletedSegments == 2)
        #expect(found.passedCheckpoints == 1)
        // Also when nothing is left, and when it goes on then.
        store = try Store(directory: directory.path("data"), options: options)
        try store.seal()
        #expect(try store.deleteAuditLog(before: WallTime(milliseconds: .max)) == 3)
        #expect(try store.all(AuditQuery()).isEmpty)
        try store.append(BlockBuilder.block(at: 60_000, [Decision(requestID: "new")]))
        try store.seal()
        #expect(try store.all(AuditQuery()).map { $0[.requestID] } == ["new"])
        store.close()
        #expect(try verify().problems == [])
    }

    @Test("refuses a directory without a store, and one that is in use")
    func unusable() throws {
        #expect(throws: StorageError.self) { try verify() }
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        #expect(throws: StorageError.self) { try verify() }
        store.close()
    }
}
