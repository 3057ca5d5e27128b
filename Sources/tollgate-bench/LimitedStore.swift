internal import Foundation
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore

/// A data directory whose keys are limited at every level, by limits that nothing reaches.
///
/// Ten keys belong to a user, a hundred to a team, a thousand to an organisation.
enum LimitedStore {
    /// How many keys belong to one group of a kind.
    private static let memberCounts: [GroupKind: Int] = [
        .user: 10, .team: 100, .organization: 1000,
    ]

    /// Makes a data directory, which must not exist.
    static func make(at directory: URL, keyCount: Int) throws -> SecretList {
        try SeededStore.inMemory(for: keyCount, then: directory) { directory in
            let digester = try SeededStore.prepare(directory)
            let store = try Store(directory: directory.path, options: StoreOptions())
            defer { store.close() }
            try saveGroups(for: keyCount, in: store)
            var secrets = SecretList()
            for index in 0..<keyCount {
                let secret = SeededStore.secret()
                secrets.append(secret)
                var record = SeededStore.record(index, secret, digester)
                record.organization = name(.organization, of: index)
                record.team = name(.team, of: index)
                record.user = name(.user, of: index)
                record.limits = limits
                try store.save(record, replacing: nil)
            }
            return secrets
        }
    }

    private static func saveGroups(for keyCount: Int, in store: Store) throws {
        let now = SystemTime().now().wall
        for kind in [GroupKind.organization, .team, .user] {
            for index in stride(from: 0, to: keyCount, by: memberCounts[kind] ?? 1) {
                let name = name(kind, of: index)
                guard let id = GroupID(kind, name) else { throw BenchError("no id: \(name)") }
                var record = GroupRecord(
                    id: id,
                    subject: SubjectID(rawValue: .random(in: 1 ... .max)),
                    name: name,
                    createdAt: now
                )
                if kind != .organization {
                    record.organization = self.name(.organization, of: index)
                }
                if kind == .user { record.team = self.name(.team, of: index) }
                record.limits = limits
                try store.save(record)
            }
        }
    }

    /// The name of the group that a key belongs to.
    private static func name(_ kind: GroupKind, of key: Int) -> String {
        "\(kind)-\(key / (memberCounts[kind] ?? 1))"
    }

    /// Requests and tokens a minute, two budgets, and quotas of tokens and requests.
    private static var limits: LimitSettings {
        var limits = LimitSettings()
        limits.rates.perMinute = 1 << 40
        limits.rates.tokensPerMinute = 1 << 50
        limits.budgets.monthly = Money(nanos: 1 << 60)
        limits.budgets.total = Money(nanos: 1 << 61)
        limits.tokens.monthly = 1 << 60
        limits.requests.total = 1 << 60
        return limits
    }

    /// Copies a data directory and adds to the copy's journal, in a way that only a crash leaves
    /// behind: none of it is in a snapshot or a segment.
    ///
    /// - Parameters:
    ///   - recordCount: how many records; an allowed request makes two.
    ///   - source: a data directory.
    ///   - directory: the copy, which must not exist.
    ///   - secrets: of the keys, which ask in turns.
    /// - Throws: when a request is not allowed.
    static func addTail(
        of recordCount: Int,
        to source: URL,
        at directory: URL,
        _ secrets: SecretList
    ) throws {
        let work = directory.appendingPathExtension("work")
        try FileManager.default.copyItem(at: source, to: work)
        defer { try? FileManager.default.removeItem(at: work) }
        var options = StoreOptions()
        options.segmentSize = .max
        options.segmentAge = .max
        options.ledger.snapshotSize = .max
        options.ledger.snapshotAge = .max
        options.ledger.subjectLimit = .max
        let store = try Store(directory: work.path, options: options)
        defer { store.close() }
        let pepper = try PepperFile.load(at: work.appending(path: "pepper").path)
        var engineOptions = EngineOptions()
        engineOptions.activeKeyLimit = secrets.count
        let parts = EngineParts(
            catalogue: store,
            groups: store,
            journal: store,
            ledger: store,
            time: SystemTime(after: store.lastTime),
            digester: try SecretDigester(pepper)
        )
        let engine = try Engine(parts, engineOptions)
        try ask(recordCount / 2, engine.makeLoop(), secrets)
        // Closing would write a snapshot: what a crash at this moment leaves is the copy.
        try copyLive(work, to: directory)
    }

    /// Copies a directory in which RocksDB may still be clearing up: all over again as long as files
    /// come, grow or vanish on the way.
    private static func copyLive(_ source: URL, to directory: URL) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let before = try fileSizes(in: source)
            try? FileManager.default.copyItem(at: source, to: directory)
            if try fileSizes(in: source) == before, try fileSizes(in: directory) == before {
                return
            }
            try? FileManager.default.removeItem(at: directory)
            Thread.sleep(forTimeInterval: 0.2)
        }
        throw BenchError("the store of the journal's tail does not come to rest")
    }

    private static func fileSizes(in directory: URL) throws -> [String: Int] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
        return names.reduce(into: [:]) { sizes, name in
            let file = directory.appending(path: name).path
            let attributes = try? FileManager.default.attributesOfItem(atPath: file)
            sizes[name] = attributes?[.size] as? Int ?? -1
        }
    }

    private static func ask(
        _ count: Int,
        _ loop: DecisionLoop,
        _ secrets: SecretList
    ) throws {
        let model = Array(SeededStore.allowedModel.utf8)
        let region = Array("EU".utf8)
        var request = CheckRequest()
        for index in 0..<count {
            if index % turnSize == 0 {
                _ = try loop.commit()
                loop.beginTurn()
            }
            request.reset()
            let secret = Array(secrets.bytes(index % secrets.count))
            request.present(secret.span)
            try request.set(.model, to: model.span)
            try request.set(.region, to: region.span)
            try request.set(.action, to: Action.chatCompletions)
            request.tokens = 1000
            guard try loop.check(&request).isAllowed else {
                throw BenchError("a request for the journal's tail was not allowed")
            }
        }
        _ = try loop.commit()
    }

    /// As many decisions as a loop makes at once under load.
    private static let turnSize = 80
}
