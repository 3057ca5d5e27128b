internal import Synchronization
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateTesting

/// A catalogue in memory that fails when it is told to, and lets a test look on.
final class StandInCatalogue: KeyCatalogue {
    /// How the next writes end.
    enum Writing: Sendable {
        case works
        case failsWithoutWriting
        /// What a failed write means: it may be there all the same.
        case failsAfterWriting
    }

    private struct State {
        var records: [KeyID: KeyRecord] = [:]
        var writing = Writing.works
        var isReadable = true
        var reads = 0
        var whenRead: @Sendable () -> Void = {}
        var whenSaved: @Sendable () -> Void = {}
    }

    private let state = Mutex(State())

    func record(forDigest digest: KeyDigest) throws(StorageError) -> KeyRecord? {
        let (record, whenRead) = try state.withLock {
            (state) throws(StorageError) -> (KeyRecord?, @Sendable () -> Void) in
            guard state.isReadable else { throw StorageError(.io, "planted") }
            state.reads += 1
            let record = state.records.values.first { record in
                record.secrets.contains { $0.digest == digest }
            }
            return (record, state.whenRead)
        }
        whenRead()
        return record
    }

    func record(id: KeyID) throws(StorageError) -> KeyRecord? {
        try state.withLock { (state) throws(StorageError) -> KeyRecord? in
            guard state.isReadable else { throw StorageError(.io, "planted") }
            return state.records[id]
        }
    }

    func save(_ record: KeyRecord, replacing old: KeyRecord?) throws(StorageError) {
        let whenSaved = try state.withLock { (state) throws(StorageError) -> @Sendable () -> Void in
            if state.writing != .failsWithoutWriting { state.records[record.id] = record }
            guard state.writing == .works else { throw StorageError(.io, "planted") }
            return state.whenSaved
        }
        whenSaved()
    }

    func page(
        after cursor: KeyID?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(StorageError) -> KeyPage {
        let records = state.withLock { Array($0.records.values) }
        let older = records.filter { record in cursor.map { record.id < $0 } ?? true }
            .sorted { $0.id > $1.id }
            .filter(isWanted)
        let page = Array(older.prefix(limit))
        return KeyPage(records: page, next: older.count > limit ? page.last?.id : nil)
    }

    func isEmpty() throws(StorageError) -> Bool {
        state.withLock { $0.records.isEmpty }
    }

    var reads: Int { state.withLock { $0.reads } }

    func setWriting(_ writing: Writing) {
        state.withLock { $0.writing = writing }
    }

    func setReadable(_ isReadable: Bool) {
        state.withLock { $0.isReadable = isReadable }
    }

    /// Calls back after a record was read, before the reader gets it.
    func whenRead(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenRead = body }
    }

    /// Calls back after a record was written, before the writer knows.
    func whenSaved(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenSaved = body }
    }
}

/// A journal in memory that fails when it is told to.
final class StandInJournal: Journal {
    private struct State {
        var blocks: [[UInt8]] = []
        var isWritable = true
    }

    private let state = Mutex(State())

    func append(_ block: Span<UInt8>) throws(StorageError) -> JournalPosition {
        let bytes = block.withUnsafeBufferPointer { Array($0) }
        return try state.withLock { (state) throws(StorageError) -> JournalPosition in
            guard state.isWritable else { throw StorageError(.io, "planted") }
            state.blocks.append(bytes)
            return JournalPosition(rawValue: UInt64(state.blocks.count))
        }
    }

    func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        let isKnown = state.withLock { position.rawValue <= UInt64($0.blocks.count) }
        body(isKnown ? nil : StorageError(.io, "no such position"))
    }

    var blockCount: Int { state.withLock { $0.blocks.count } }

    func setWritable(_ isWritable: Bool) {
        state.withLock { $0.isWritable = isWritable }
    }

    /// Every decision in the journal, the oldest first.
    func entries() throws -> [AuditEntry] {
        try state.withLock { $0.blocks }.enumerated().flatMap { index, block in
            try decisions(in: block, at: JournalPosition(rawValue: UInt64(index) + 1))
        }
    }
}

/// The decisions of one block.
func decisions(
    in block: [UInt8],
    at position: JournalPosition = JournalPosition(rawValue: 1)
) throws -> [AuditEntry] {
    var reader = try JournalBlockReader(block.span)
    var entries: [AuditEntry] = []
    while let record = try reader.next() {
        let place = AuditPlace(position: position, index: UInt32(entries.count))
        entries.append(try DecisionRecord.read(record, time: reader.time, place: place))
    }
    return entries
}

/// An engine with everything around it in a test's hands.
struct House {
    let time = ManualTime()
    let catalogue = StandInCatalogue()
    let journal = StandInJournal()
    let digester: SecretDigester
    let engine: Engine
    let registry: KeyRegistry

    init(activeKeyLimit: Int = 1000) throws {
        let pepper = [UInt8](repeating: 7, count: Pepper.byteCount)
        digester = try SecretDigester(try Pepper(bytes: pepper.span))
        engine = Engine(
            catalogue: catalogue,
            journal: journal,
            time: time,
            digester: digester,
            activeKeyLimit: activeKeyLimit
        )
        registry = KeyRegistry(engine: engine)
    }

    /// Someone who may do everything.
    let administrator = Principal(keyID: KeyID(rawValue: 99), permissions: .all)

    /// A new key, and its secret.
    func key(
        _ edit: (inout KeyChanges) -> Void = { _ in }
    ) throws -> (record: KeyRecord, secret: String) {
        var changes = KeyChanges()
        changes.name = "a key"
        edit(&changes)
        return try registry.create(changes, by: administrator)
    }
}

extension DecisionLoop {
    /// Decides about a secret and a model in the current turn.
    func check(_ secret: String?, model: String? = nil, isDryRun: Bool = false) throws -> Verdict {
        var request = CheckRequest()
        if let secret { request.present(secret) }
        if let model { try request.set(.model, to: model) }
        request.isDryRun = isDryRun
        return try check(request)
    }

    /// Decides about a secret in a turn of its own.
    func reason(for secret: String, model: String? = nil) throws -> Reason {
        beginTurn()
        let verdict = try check(secret, model: model)
        _ = try commit()
        return verdict.reason
    }
}
