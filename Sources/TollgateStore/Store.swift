internal import Synchronization
package import TollgateCore
package import TollgateEngine
internal import TollgateMetrics

/// Everything that Tollgate keeps: key records, the journal, the ledger and the audit log, in one
/// RocksDB database.
///
/// Safe from any thread. One process at a time has a directory. After `close` every call throws
/// `.closed`.
package final class Store: Sendable {
    let directory: String
    let database: Database
    let catalogue: Catalogue
    let groups: GroupRows
    let models: ModelRows
    let suppliers: SupplierRows
    let webhooks: WebhookRows
    let notices: NoticeRows
    let journal: BlockJournal
    let projector: Projector
    let watermark: Watermark
    let recovering = Mutex(())
    let backing = BackupTurn()
    private let options: StoreOptions
    private let syncing: BackgroundThread
    private let projecting: BackgroundThread
    private let closing = Mutex(())

    /// Opens the store in a directory, and makes it when there is none.
    ///
    /// Folds the journal to its end before it returns; the snapshot of that is written later, so
    /// that nobody waits for it.
    ///
    /// - Parameters:
    ///   - directory: made with mode 0700 if needed; `db/`, `watermark` and, for a while,
    ///     `db-snapshot.sst`, `probe` and `checkpoint/` in it are the store's.
    ///   - options: how to keep it.
    /// - Throws: `.unusable` when the directory cannot be used, `.locked` when another process has
    ///   it, `.corrupt` when the store is damaged or has lost something that was durable.
    package init(directory: String, options: StoreOptions) throws(StorageError) {
        try DataDirectory.prepare(directory)
        let database = try Store.open("\(directory)/db", options)
        // What a backup has left that the process did not survive. Not before the directory is ours:
        // it may be one that another process is reading.
        FlatDirectory.remove(Store.checkpoint(in: directory))
        FlatDirectory.remove(Store.checkpoint(in: directory) + ".tmp")
        let watermark = try Watermark(path: "\(directory)/watermark")
        let catalogue = try Catalogue(database)
        let journal = try BlockJournal(database, options)
        let proven = journal.state.withLock { $0.provenPosition }
        let mark = Watermark.Mark(position: proven, changes: catalogue.changes)
        try watermark.check(mark)
        let projector = try Projector(journal, options)
        let notices = NoticeRows(database)
        // Whoever reads for notices comes later; what was not read yet is not dropped before.
        if let known = try notices.position() { projector.keepBlocks(after: known) }
        try projector.begin(at: journal.frontier)
        try watermark.write(mark)
        let syncer = LogSyncer(journal, catalogue, watermark, options)
        guard let syncing = BackgroundThread(niceness: 0, { syncer.run() }) else {
            throw StorageError(.unusable, "no thread for the journal")
        }
        // Projections may lag behind; event loops may not.
        guard let projecting = BackgroundThread(niceness: 10, { projector.run() }) else {
            journal.stop()
            syncing.join()
            throw StorageError(.unusable, "no thread for the projections")
        }
        self.directory = directory
        self.database = database
        self.catalogue = catalogue
        groups = GroupRows(database, catalogue.counter)
        models = ModelRows(database, catalogue.counter)
        suppliers = SupplierRows(database, catalogue.counter)
        webhooks = WebhookRows(database, catalogue.counter)
        self.notices = notices
        self.journal = journal
        self.projector = projector
        self.watermark = watermark
        self.options = options
        self.syncing = syncing
        self.projecting = projecting
    }

    deinit {
        close()
    }

    /// Makes everything durable, ends the threads and gives the directory free.
    ///
    /// Waits for calls that are under way. May be called again, and does nothing then.
    package func close() {
        closing.withLock { _ in
            journal.stop()
            syncing.join()
            projecting.join()
            // Saves the next start from folding; what is not in it stays in the journal.
            try? projector.snapshotAll()
            database.close()
        }
    }

    /// What the journal has done so far.
    package var statistics: JournalStatistics {
        let now = Clock.nanoseconds()
        var statistics = journal.state.withLock { state in
            var statistics = state.statistics
            statistics.sealingLag = state.oldestUnsealed.map { max(0, now &- $0) } ?? 0
            statistics.ledgerLag = state.oldestUnfolded.map { max(0, now &- $0) } ?? 0
            return statistics
        }
        statistics.appendTimes = journal.appends.current
        statistics.syncTimes = journal.syncs.current
        return statistics
    }

    /// How much is kept, as far as can be told without reading it.
    package var sizes: StoreSizes { database.sizes }

    /// Makes everything durable that is in the journal now, and writes a snapshot of the ledger that
    /// includes it, without waiting until that is due.
    package func writeSnapshot() throws(StorageError) {
        try journal.sync()
        try projector.snapshotAll()
    }
}

extension Store: KeyCatalogue {
    package func record(forDigest digest: KeyDigest) throws(StorageError) -> KeyRecord? {
        try catalogue.record(forDigest: digest)
    }

    package func record(id: KeyID) throws(StorageError) -> KeyRecord? {
        try catalogue.record(id: id)
    }

    package func save(_ record: KeyRecord, replacing old: KeyRecord?) throws(StorageError) {
        try healIfNeeded()
        try catalogue.save(record, replacing: old)
    }

    package func page(
        after cursor: KeyID?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(StorageError) -> KeyPage {
        try catalogue.page(after: cursor, limit: limit, scanLimit: scanLimit, where: isWanted)
    }

    package func isEmpty() throws(StorageError) -> Bool {
        try catalogue.isEmpty()
    }

    package func keys(ofSession session: String, limit: Int) throws(StorageError) -> [KeyID] {
        try catalogue.keys(ofSession: session, limit: limit)
    }

    package func keysExpired(by time: WallTime, limit: Int) throws(StorageError) -> [KeyID] {
        try catalogue.keysExpired(by: time, limit: limit)
    }

    package var hasHashedSecrets: Bool { catalogue.hasHashedSecrets }
}

extension Store: Journal {
    package func append(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        try journal.append(block, epoch: epoch)
    }

    package func appendDurably(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        let position = try journal.append(block, epoch: epoch)
        let landing = Landing()
        journal.whenDurable(position) { error in landing.end(with: error) }
        journal.syncSignal.raise()
        try landing.wait()
        return position
    }

    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        journal.whenDurable(position, body)
    }
}

extension Store: Ledger {
    package func counters(of subject: SubjectID) throws(StorageError) -> Counters? {
        try projector.counters(of: subject)
    }

    package func readHolds(
        pending: (LedgerHold) -> Void,
        settled: (SettledReservation) -> Void
    ) throws(StorageError) {
        let (head, snapshot) = try projector.holdLog()
        try LedgerReader.readHolds(
            head,
            snapshot,
            options.ledger,
            pending: pending,
            settled: settled
        )
    }

    package var ledgerPosition: JournalPosition {
        JournalPosition(rawValue: projector.ledgerPosition)
    }

    package var lastTime: Now? { projector.ledgerTime }
}
