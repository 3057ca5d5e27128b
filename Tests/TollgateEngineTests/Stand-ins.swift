internal import SimulationTesting
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

    func keys(ofSession session: String, limit: Int) throws(StorageError) -> [KeyID] {
        state.withLock { state in
            let records = state.records.values.filter { $0.indexedSession == session }
            return Array(records.map(\.id).sorted().prefix(limit))
        }
    }

    func keysExpired(by time: WallTime, limit: Int) throws(StorageError) -> [KeyID] {
        state.withLock { state in
            let records = state.records.values.filter { record in
                record.indexedExpiry.map { $0 <= time } ?? false
            }
            return Array(records.map(\.id).sorted().prefix(limit))
        }
    }

    var hasHashedSecrets: Bool {
        state.withLock { state in
            state.records.values.contains { $0.secrets.contains(where: \.isHashed) }
        }
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

/// The decisions of a block in which there is nothing else.
func decisions(in block: [UInt8]) throws -> [AuditEntry] {
    var reader = try JournalBlockReader(block.span)
    var entries: [AuditEntry] = []
    while let record = try reader.next() {
        let place = AuditPlace(
            position: JournalPosition(rawValue: 1),
            index: UInt32(entries.count)
        )
        entries.append(try DecisionRecord.read(record, time: reader.time, place: place))
    }
    return entries
}

/// An engine with everything around it in a test's hands.
struct House {
    let time: ManualTime
    let catalogue: StandInCatalogue
    let groups: InMemoryGroups
    let memory: InMemoryJournal
    let journal: FaultyJournal
    let digester: SecretDigester
    let engine: Engine
    let registry: KeyRegistry
    let actions = InMemoryActions()

    init(_ options: EngineOptions = EngineOptions()) throws {
        try self.init(
            ManualTime(),
            StandInCatalogue(),
            InMemoryGroups(),
            InMemoryJournal(),
            options
        )
    }

    private init(
        _ time: ManualTime,
        _ catalogue: StandInCatalogue,
        _ groups: InMemoryGroups,
        _ memory: InMemoryJournal,
        _ options: EngineOptions = EngineOptions()
    ) throws {
        self.time = time
        self.catalogue = catalogue
        self.groups = groups
        self.memory = memory
        let pepper = [UInt8](repeating: 7, count: Pepper.byteCount)
        digester = try SecretDigester(try Pepper(bytes: pepper.span))
        journal = FaultyJournal(memory)
        engine = try Engine(
            EngineParts(
                catalogue: catalogue,
                groups: groups,
                journal: journal,
                ledger: memory,
                time: time,
                digester: digester,
                prices: RandomWorld.priceList
            ),
            options
        )
        registry = KeyRegistry(engine: engine, groups: groups, actions: actions)
    }

    /// The house of the next process, on the same disk.
    func reopened() throws -> House {
        try House(time, catalogue, groups, try memory.reopened())
    }

    /// The writes to the journal so far.
    var blockCount: Int { memory.appended.count }

    /// Someone who may do everything.
    let administrator = Principal(keyID: KeyID(rawValue: 99), permissions: .all)

    /// Switches a key, as the administrator.
    @discardableResult
    func setStatus(_ status: KeyStatus, of id: KeyID) throws(RegistryError) -> KeyRecord {
        try registry.setStatus(status, of: id, by: administrator)
    }

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
        return try check(&request)
    }

    /// Decides about a secret in a turn of its own.
    func reason(for secret: String, model: String? = nil, tokens: UInt64 = 0) throws -> Reason {
        beginTurn()
        var request = CheckRequest()
        request.present(secret)
        if let model { try request.set(.model, to: model) }
        request.tokens = tokens
        let verdict = try check(&request)
        _ = try commit()
        return verdict.reason
    }
    /// Reports the tokens of a prompt in the current turn.
    func settle(
        _ reservation: ReservationID,
        tokens: UInt64
    ) throws -> SettlementOutcome {
        var settlement = Settlement()
        settlement.reservation = reservation
        settlement.tokens = TokenCounts(input: tokens, output: 0)
        return try settle(settlement)
    }
}
