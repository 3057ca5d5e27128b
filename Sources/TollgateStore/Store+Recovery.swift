internal import Synchronization
package import TollgateEngine

/// What a store does about disks that fail.
extension Store {
    /// Whether writes are taken; false from the first one that fails until `recover` has succeeded.
    package var isWritable: Bool {
        !database.hasFailed && !journal.state.withLock { $0.isEpochOver || $0.isStopping }
    }

    /// Makes the store usable again after a failed write, and begins the next epoch.
    ///
    /// Opens the database again, which tells what of the failed writes is there, and brings the
    /// ledger to the journal's end. Before it closes the database it makes sure that the disk takes
    /// writes, so that reading goes on for as long as it does not.
    ///
    /// - Returns: the epoch that begins.
    /// - Throws: when the disk still refuses, to be tried again later; `.corrupt` when something that
    ///   was durable is gone; `.closed`.
    package func recover() throws(StorageError) -> JournalEpoch {
        try recovering.withLock { _ throws(StorageError) in
            if journal.state.withLock({ $0.isStopping }) { throw StorageError.closed }
            journal.endEpoch()
            if database.hasFailed {
                try DiskProbe.check(directory, for: database.path)
                try projector.reopenDatabase()
            }
            try catalogue.counter.reload()
            try database.syncLog()
            var content = try BlockJournal.content(of: database)
            let mark = Watermark.Mark(position: content.proven, changes: catalogue.changes)
            try watermark.check(mark)
            content.ledger = try projector.catchUp(to: content.last)
            try watermark.write(mark)
            return journal.beginEpoch(content)
        }
    }

    /// Recovers, when an earlier write has failed, before something is written that has nothing to do
    /// with the journal: where nobody asks for decisions, nobody else would.
    func healIfNeeded() throws(StorageError) {
        if database.hasFailed { _ = try recover() }
    }

    /// Opens the database; a refusal says what can be done about it.
    static func open(_ path: String, _ options: StoreOptions) throws(StorageError) -> Database {
        do {
            return try Database(path: path, cacheSize: options.cacheSize)
        } catch {
            guard error.code == .corrupt else { throw error }
            throw StorageError(
                .corrupt,
                "\(error.message); if the power was lost, this may be the end of the log that never"
                    + " became durable: keep a copy of the directory before anything else is tried,"
                    + " and go back to a backup if there is one"
            )
        }
    }

    /// What a repair has found.
    package struct RepairReport: Equatable, Sendable {
        /// The last position that there is now.
        package let position: UInt64
        /// The last position that was known to be durable; nil when nothing is known.
        package let durablePosition: UInt64?
        /// How many changes of the catalogue there are now, and were known to be durable.
        package let changes: UInt64
        package let durableChanges: UInt64?

        /// Whether something is gone that was durable; the store then still refuses to open.
        package var isLossy: Bool {
            position < durablePosition ?? 0 || changes < durableChanges ?? 0
        }
    }

    /// Opens a store that is refused because of its log, and keeps what comes before the damage.
    ///
    /// The rest of the log is gone afterwards: to be called on an administrator's word only.
    ///
    /// - Parameters:
    ///   - directory: that of the store, which nobody has open.
    ///   - options: how it is kept.
    /// - Returns: what there is now, and what was known to be durable.
    /// - Throws: when not even that can be opened.
    package static func repair(
        directory: String,
        options: StoreOptions
    ) throws(StorageError) -> RepairReport {
        var databaseOptions = DatabaseOptions(cacheSize: options.cacheSize)
        databaseOptions.logRecovery = .upToDamage
        let database = try Database(path: "\(directory)/db", databaseOptions)
        defer { database.close() }
        let mark = try Watermark(path: "\(directory)/watermark").mark
        return RepairReport(
            position: try BlockJournal.content(of: database).proven,
            durablePosition: mark?.position,
            changes: try Catalogue(database).changes,
            durableChanges: mark?.changes
        )
    }
}
