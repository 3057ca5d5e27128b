internal import Foundation
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("Backups")
struct BackupTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Options under which every part of the store has something in it.
    private static var options: StoreOptions {
        var options = Samples.options
        options.ledger.snapshotSize = 60
        options.ledger.subjectLimit = 6
        options.ledger.holdLimit = 9
        return options
    }

    /// Writes a backup of a store to a file.
    private func backUp(_ store: Store, to name: String, pepper: String? = nil) throws {
        let stream = try store.beginBackup(pepperFile: pepper)
        var bytes: [UInt8] = []
        while let piece = try stream.next() { bytes += piece }
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path(name)))
    }

    private func restore(
        _ name: String,
        into target: String,
        _ windows: OpenWindows = .keep
    ) throws -> Store.RestoreReport {
        try Store.restore(
            directory.path(name),
            into: directory.path(target),
            windows: windows,
            options: Self.options
        )
    }

    @Test(
        "A backup has exactly what a fold of its blocks gives, whatever was sealed and written before",
        arguments: [1, 2, 3] as [UInt64]
    )
    func exact(seed: UInt64) throws {
        var history = LedgerHistory(seed: seed)
        var random = SeededGenerator(seed: ~seed)
        let store = try Store(directory: directory.path("data"), options: Self.options)
        for round in 0..<6 {
            for _ in 0..<20 { try store.append(history.next()) }
            if random.number(in: 0...1) == 0 { try store.writeSnapshot() }
            if random.number(in: 0...1) == 0 { try store.seal() }
            let count = history.blocks.count
            try backUp(store, to: "\(round).tar")
            // What comes later is no part of it.
            for _ in 0..<5 { try store.append(history.next()) }
            let report = try restore("\(round).tar", into: "restored-\(round)")
            #expect(report.position.rawValue == UInt64(count))
            let copy = try Store(
                directory: directory.path("restored-\(round)"),
                options: Self.options
            )
            let expected = try LedgerContent(folding: Array(history.blocks.prefix(count)))
            #expect(try LedgerContent(of: copy) == expected)
            copy.close()
        }
    }

    @Test("A backup is made while others append, and has all that came before it")
    func underLoad() async throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        var history = LedgerHistory(seed: 9)
        for _ in 0..<200 { _ = history.next() }
        let blocks = history.blocks
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for block in blocks {
                    try store.append(block)
                    progress.advance()
                    if progress.count.isMultiple(of: 30) { try store.writeSnapshot() }
                }
            }
            group.addTask {
                while progress.count < 60 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                let before = progress.count
                try backUp(store, to: "load.tar")
                let report = try restore("load.tar", into: "restored")
                #expect(report.position.rawValue >= UInt64(before))
                let copy = try Store(directory: directory.path("restored"), options: Self.options)
                let part = Array(blocks.prefix(Int(report.position.rawValue)))
                #expect(try LedgerContent(of: copy) == LedgerContent(folding: part))
            }
            try await group.waitForAll()
        }
    }

    @Test("Keys come back with their secrets, and the pepper only when it was asked for")
    func catalogue() throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        let record = Samples.record(1, digests: [11])
        try store.save(record, replacing: nil)
        let pepper = directory.path("pepper")
        try Data(repeating: 7, count: 32).write(to: URL(fileURLWithPath: pepper))
        try backUp(store, to: "without.tar")
        try backUp(store, to: "with.tar", pepper: pepper)
        #expect(try !restore("without.tar", into: "a").manifest.hasPepper)
        #expect(try restore("with.tar", into: "b").manifest.hasPepper)
        #expect(!FileManager.default.fileExists(atPath: directory.path("a/pepper")))
        let copied = try Data(contentsOf: URL(fileURLWithPath: directory.path("b/pepper")))
        #expect(copied == Data(repeating: 7, count: 32))
        let copy = try Store(directory: directory.path("a"), options: Self.options)
        #expect(try copy.record(forDigest: Samples.digest(11)) == record)
    }

    @Test("Open windows that start anew count what is held and nothing else; totals stay")
    func reset() throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        var history = LedgerHistory(seed: 8)
        for _ in 0..<80 { try store.append(history.next()) }
        try backUp(store, to: "good.tar")
        let report = try restore("good.tar", into: "restored", .reset)
        #expect(report.restartedSubjects > 0)
        let copy = try Store(directory: directory.path("restored"), options: Self.options)
        var expected = try LedgerContent(folding: history.blocks)
        try #require(!expected.pending.isEmpty)
        for (subject, old) in expected.counters {
            var new = old
            for period in [CalendarPeriod.hour, .day, .week, .month] {
                let place = Int(period.rawValue)
                new.tallies[place].used = .zero
                for hold in expected.pending {
                    for level in 0..<4 where hold.subjects[level] == subject {
                        guard hold.hold.windows[level][period] == old.tallies[place].id else {
                            continue
                        }
                        new.tallies[place].used += hold.counted
                    }
                }
            }
            for slot in RateSlot.allCases { new[slot] = nil }
            new[.tokensPerMinute] = old[.tokensPerMinute].flatMap { flow in
                restarted(flow, holding: expected.pending.filter { $0.isRated(subject) })
            }
            expected.counters[subject] = new
        }
        #expect(try LedgerContent(of: copy) == expected)
        // The next blocks count on from there, also after another start.
        try copy.append(history.next())
        let counted = try LedgerContent(of: copy)
        copy.close()
        let again = try Store(directory: directory.path("restored"), options: Self.options)
        try again.writeSnapshot()
        #expect(again.ledgerPosition.rawValue == 81)
        #expect(try LedgerContent(of: again).counters.count >= counted.counters.count)
    }

    /// A rate of tokens from which nothing is taken but what holds were charged to it.
    private func restarted(
        _ old: Counters.Allowance,
        holding holds: [LedgerHold]
    ) -> Counters.Allowance? {
        guard !holds.isEmpty, let rate = old.rate(.tokensPerMinute) else { return nil }
        let tokens = holds.reduce(0) { $0 + $1.counted.tokens }
        let state = rate.charge(UInt64(tokens), .full, at: old.changedAt)
        let least = min(state.fullAt, old.state.fullAt)
        return Counters.Allowance(
            rate: rate,
            state: Rate.State(fullAt: least),
            changedAt: old.changedAt
        )
    }

    @Test("One backup at a time; one that is let go makes room, and leaves nothing behind")
    func turns() throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        var first: (any BackupStream)? = try store.beginBackup(pepperFile: nil)
        _ = try first?.next()
        let error = #expect(throws: StorageError.self) { try store.beginBackup(pepperFile: nil) }
        #expect(error?.code == .locked)
        first = nil
        #expect(!FileManager.default.fileExists(atPath: directory.path("data/checkpoint")))
        try backUp(store, to: "second.tar")
        #expect(!FileManager.default.fileExists(atPath: directory.path("data/checkpoint")))
        let missing = #expect(throws: StorageError.self) {
            try store.beginBackup(pepperFile: directory.path("no-pepper"))
        }
        #expect(missing?.code == .unusable)
        _ = try store.beginBackup(pepperFile: nil)
    }

    @Test("A process that finds the store locked leaves the backup alone that is being read")
    func lockedMeanwhile() throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        var history = LedgerHistory(seed: 6)
        for _ in 0..<20 { try store.append(history.next()) }
        let stream = try store.beginBackup(pepperFile: nil)
        var bytes = try #require(try stream.next())
        let error = #expect(throws: StorageError.self) {
            try Store(directory: directory.path("data"), options: Self.options)
        }
        #expect(error?.code == .locked)
        while let piece = try stream.next() { bytes += piece }
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path("whole.tar")))
        #expect(try BackupReader.verify(directory.path("whole.tar")).position.rawValue == 20)
    }

    @Test("What is cut off or changed anywhere is refused, and nothing is written")
    func damage() throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        var history = LedgerHistory(seed: 4)
        for _ in 0..<10 { try store.append(history.next()) }
        try backUp(store, to: "good.tar")
        let good = try Data(contentsOf: URL(fileURLWithPath: directory.path("good.tar")))
        func refuses(_ bytes: Data, _ what: Comment) throws {
            let path = directory.path("bad.tar")
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: StorageError.self, what) { try BackupReader.verify(path) }
            #expect(throws: StorageError.self, what) { try restore("bad.tar", into: "target") }
            #expect(!FileManager.default.fileExists(atPath: directory.path("target")), what)
        }
        var lengths = Set([
            0, 1, 511, 512, 513, good.count - 1, good.count - 1024, good.count - 1025,
        ])
        var random = SeededGenerator(seed: 5)
        for _ in 0..<10 { lengths.insert(random.number(in: 0...(good.count - 1))) }
        for length in lengths { try refuses(good.prefix(length), "cut off at \(length)") }
        try refuses(good + Data([0]), "something behind the end")
        for _ in 0..<60 {
            var bad = good
            let place = random.number(in: 0...(good.count - 1))
            bad[place] ^= UInt8(1 << random.number(in: 0...7))
            // Zeros that only fill up, and the archive's times, are no part of what is kept.
            guard (try? verify(bad)) == nil else { continue }
            try refuses(bad, "changed at \(place)")
        }
        try refuses(Data(repeating: 65, count: 4096), "no backup at all")
    }

    /// Whether bytes are a backup with the same content as another.
    private func verify(_ bytes: Data) throws -> BackupManifest {
        let path = directory.path("maybe.tar")
        try bytes.write(to: URL(fileURLWithPath: path))
        return try BackupReader.verify(path)
    }

    @Test("A directory that has something in it is left alone")
    func occupied() throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        try backUp(store, to: "good.tar")
        store.close()
        let before = try FileManager.default.subpathsOfDirectory(atPath: directory.path("data"))
        let error = #expect(throws: StorageError.self) { try restore("good.tar", into: "data") }
        #expect(error?.code == .unusable)
        let after = try FileManager.default.subpathsOfDirectory(atPath: directory.path("data"))
        #expect(after.sorted() == before.sorted())
    }

    @Test(
        "What stands where a backup is unpacked is never removed, and said to be in the way",
        arguments: ["notes.txt", "db/CURRENT"]
    )
    func occupiedStaging(name: String) throws {
        let store = try Store(directory: directory.path("data"), options: Self.options)
        try backUp(store, to: "good.tar")
        let file = URL(filePath: directory.path("target/restoring/\(name)"))
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data("x".utf8).write(to: file)
        for _ in 1...2 {
            let error = #expect(throws: StorageError.self) {
                try restore("good.tar", into: "target")
            }
            #expect(error?.code == .unusable)
            #expect(
                error?.message.contains("\(directory.path("target/restoring")) is what") == true
            )
            #expect(FileManager.default.fileExists(atPath: file.path))
        }
        try FileManager.default.removeItem(atPath: directory.path("target/restoring"))
        _ = try restore("good.tar", into: "target")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path("target"))
        #expect(!names.contains("restoring"))
    }

    /// How many blocks were appended.
    private final class Progress: Sendable {
        private let state = Mutex(0)
        var count: Int { state.withLock { $0 } }
        func advance() { state.withLock { $0 += 1 } }
    }
}

extension LedgerHold {
    /// Whether it was charged to a rate of tokens of a subject.
    fileprivate func isRated(_ subject: SubjectID) -> Bool {
        (0..<4).contains { subjects[$0] == subject && hold.refills[$0] != 0 }
    }
}
