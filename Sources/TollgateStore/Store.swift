internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// Everything that Tollgate keeps: key records, the journal and the audit log, in one RocksDB
/// database.
///
/// Safe from any thread. One process at a time has a directory. After `close` every call throws
/// `.closed`.
package final class Store: Sendable {
    private let database: Database
    private let catalogue: Catalogue
    private let journal: BlockJournal
    private let projector: Projector
    private let syncing: BackgroundThread
    private let sealing: BackgroundThread
    private let closing = Mutex(())

    /// Opens the store in a directory, and makes it when there is none.
    ///
    /// - Parameters:
    ///   - directory: made with mode 0700 if needed; `db/` and `watermark` in it are the store's.
    ///   - options: how to keep it.
    /// - Throws: `.unusable` when the directory cannot be used, `.locked` when another process has
    ///   it, `.corrupt` when the store is damaged or has lost something that was durable.
    package init(directory: String, options: StoreOptions) throws(StorageError) {
        try DataDirectory.prepare(directory)
        let database = try Database(path: "\(directory)/db", cacheSize: options.cacheSize)
        let watermark = try Watermark(path: "\(directory)/watermark")
        let catalogue = try Catalogue(database)
        let journal = try BlockJournal(database, options)
        let mark = Watermark.Mark(position: journal.frontier, changes: catalogue.changes)
        try watermark.check(mark)
        try watermark.write(mark)
        let syncer = LogSyncer(journal, catalogue, watermark, options)
        let projector = Projector(journal, options)
        guard let syncing = BackgroundThread(niceness: 0, { syncer.run() }) else {
            throw StorageError(.unusable, "no thread for the journal")
        }
        // Sealing may lag behind; event loops may not.
        guard let sealing = BackgroundThread(niceness: 10, { projector.run() }) else {
            journal.stop()
            syncing.join()
            throw StorageError(.unusable, "no thread for the audit log")
        }
        self.database = database
        self.catalogue = catalogue
        self.journal = journal
        self.projector = projector
        self.syncing = syncing
        self.sealing = sealing
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
            sealing.join()
            database.close()
        }
    }

    /// What the journal has done so far.
    package var statistics: JournalStatistics { journal.state.withLock { $0.statistics } }

    /// Seals everything that is in the journal now, without waiting until it is enough or old.
    package func seal() throws(StorageError) {
        try projector.sealAll()
    }

    /// Reads all sealed segments and proves that none was changed, damaged or removed.
    ///
    /// Takes as long as reading all of it takes.
    package func verifyAuditChain() throws(StorageError) -> AuditChain {
        try AuditChain(verifying: try database.snapshot())
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
}

extension Store: Journal {
    package func append(_ block: Span<UInt8>) throws(StorageError) -> JournalPosition {
        try journal.append(block)
    }

    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        journal.whenDurable(position, body)
    }
}

extension Store: AuditLog {
    package func page(_ query: AuditQuery) throws(StorageError) -> AuditPage {
        try AuditReader(journal).page(query)
    }
}
