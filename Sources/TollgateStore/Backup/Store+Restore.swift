internal import Glibc
package import TollgateCore
package import TollgateEngine

/// What becomes of the windows and rates that are open when a backup is restored.
package enum OpenWindows: String, CaseIterable, Sendable {
    /// They stand where they stood: what was used after the backup is forgotten.
    case keep
    /// They start anew: nothing was used in them but what is still held.
    case reset
}

extension Store {
    /// What was restored.
    package struct RestoreReport: Sendable {
        package let manifest: BackupManifest
        /// The last block of the journal that was in the backup.
        package let position: JournalPosition
        /// Of how many keys and groups the open windows were started anew.
        package let restartedSubjects: Int
    }

    /// Restores a backup into a directory, and proves that it can be used.
    ///
    /// The directory must not exist, or be empty but for a pepper. Everything is unpacked and opened
    /// in a directory within it first, and moved when all is well: what fails leaves nothing behind.
    ///
    /// - Parameters:
    ///   - backup: the file.
    ///   - directory: where the store is to be.
    ///   - windows: what becomes of open windows.
    ///   - options: how the store is kept.
    /// - Returns: what was restored.
    /// - Throws: `.unusable` when the directory is not empty or the file no backup, `.corrupt` when
    ///   the backup is damaged or cut off, `.io`.
    package static func restore(
        _ backup: String,
        into directory: String,
        windows: OpenWindows,
        options: StoreOptions = StoreOptions()
    ) throws(StorageError) -> RestoreReport {
        let isNew = mkdir(directory, 0o700) == 0
        do throws(StorageError) {
            let staging = "\(directory)/\(stagingName)"
            try requireEmpty(directory)
            try FlatDirectory.make(staging)
            do throws(StorageError) {
                let report = try stage(backup, in: staging, windows, options)
                try move(from: staging, to: directory, hasPepper: report.manifest.hasPepper)
                return report
            } catch {
                // Ours, as it did not exist.
                removeStaging(staging)
                throw error
            }
        } catch {
            if isNew { rmdir(directory) }
            throw error
        }
    }

    /// Where a backup is unpacked, within the directory that it is restored into.
    private static let stagingName = "restoring"

    private static func requireEmpty(_ directory: String) throws(StorageError) {
        let names = try FlatDirectory.names(in: directory)
        if names.allSatisfy({ $0 == BackupManifest.pepper }) { return }
        var message = "\(directory) is not empty; a backup is restored into an empty directory"
        if names.contains(stagingName) {
            message += "; if \(directory)/\(stagingName) is what a restore has left that was"
            message += " interrupted, remove it"
        }
        throw StorageError(.unusable, message)
    }

    private static func stage(
        _ backup: String,
        in staging: String,
        _ windows: OpenWindows,
        _ options: StoreOptions
    ) throws(StorageError) -> RestoreReport {
        let manifest = try BackupReader.unpack(backup, into: staging)
        let store = try Store(directory: staging, options: options)
        // Closing would do so too, but not say when it cannot.
        try store.writeSnapshot()
        let position = store.statistics.position
        let changes = store.catalogue.changes
        store.close()
        guard position >= manifest.position.rawValue, changes >= manifest.changes else {
            throw StorageError(
                .corrupt,
                "\(backup): the journal in the backup ends at \(position) instead of"
                    + " \(manifest.position.rawValue)"
            )
        }
        var count = 0
        if windows == .reset {
            let database = try Store.open("\(staging)/db", options)
            defer { database.close() }
            // Blocks that are not folded yet would count in windows that are zero by then.
            guard try LedgerHead(in: try database.snapshot()).position >= position else {
                throw StorageError(.io, "the ledger of the backup cannot be brought to its end")
            }
            count = try WindowRestart.run(on: database, options.ledger)
        }
        return RestoreReport(
            manifest: manifest,
            position: JournalPosition(rawValue: position),
            restartedSubjects: count
        )
    }

    /// Puts what was unpacked in its place, the database last: without it nothing counts.
    private static func move(
        from staging: String,
        to directory: String,
        hasPepper: Bool
    ) throws(StorageError) {
        let names = (hasPepper ? [BackupManifest.pepper] : []) + ["watermark", "db"]
        for name in names where rename("\(staging)/\(name)", "\(directory)/\(name)") != 0 {
            throw FlatDirectory.failure("move", "\(staging)/\(name)")
        }
        removeStaging(staging)
        try FlatDirectory.sync(directory)
    }

    private static func removeStaging(_ staging: String) {
        FlatDirectory.remove("\(staging)/db")
        FlatDirectory.remove(staging)
    }
}
