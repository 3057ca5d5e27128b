internal import Glibc
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore

/// What a backup holds, as the command line tells it.
package struct BackupSummary: Equatable, Sendable {
    /// When it was begun, in milliseconds since 1970.
    package let milliseconds: Int64
    /// The last block of the journal that it has for certain.
    package let position: UInt64
    /// The bytes of all its files.
    package let size: UInt64
    package let hasPepper: Bool

    init(_ manifest: BackupManifest) {
        milliseconds = manifest.time.milliseconds
        position = manifest.position.rawValue
        size = manifest.size
        hasPepper = manifest.hasPepper
    }
}

/// What was restored, as the command line tells it.
package struct RestoreSummary: Equatable, Sendable {
    package let backup: BackupSummary
    /// The last block of the journal that was in the backup.
    package let position: UInt64
    /// Of how many keys and groups the open windows were started anew.
    package let restartedSubjects: Int
}

/// Backups without a running server.
package enum Backups {
    /// What is done with open windows when a backup is restored.
    package enum OpenWindows: String, CaseIterable, Sendable {
        case keep
        case reset
    }

    /// Makes a backup of a data directory that no server uses.
    ///
    /// - Parameters:
    ///   - directory: the data directory.
    ///   - includesPepper: whether the pepper's file is part of it.
    ///   - write: takes the backup, piece by piece.
    /// - Throws: that a server has the directory, or what is wrong with it.
    package static func make(
        of directory: String,
        includesPepper: Bool,
        _ write: ([UInt8]) throws -> Void
    ) throws {
        guard DataDirectory.holdsDatabase(directory) else {
            throw ServerError("\(directory): there is no data in it")
        }
        let store = try translating { () throws(StorageError) in
            try Store(directory: directory, options: StoreOptions())
        }
        defer { store.close() }
        let backup = try translating { () throws(StorageError) in
            try store.beginBackup(pepperFile: includesPepper ? "\(directory)/pepper" : nil)
        }
        while let piece = try translating({ () throws(StorageError) in try backup.next() }) {
            try write(piece)
        }
    }

    /// Reads a backup to its end and proves that it is whole.
    ///
    /// - Throws: what is wrong with it.
    package static func verify(_ file: String) throws(ServerError) -> BackupSummary {
        try translating { () throws(StorageError) in
            BackupSummary(try BackupReader.verify(file))
        }
    }

    /// Restores a backup into a data directory that does not exist, or is empty but for a pepper.
    ///
    /// - Throws: what is wrong with either; nothing was written then.
    package static func restore(
        _ file: String,
        into directory: String,
        windows: OpenWindows
    ) throws(ServerError) -> RestoreSummary {
        try translating { () throws(StorageError) in
            let report = try Store.restore(
                file,
                into: directory,
                windows: windows == .reset ? .reset : .keep
            )
            return RestoreSummary(
                backup: BackupSummary(report.manifest),
                position: report.position.rawValue,
                restartedSubjects: report.restartedSubjects
            )
        }
    }

    private static func translating<Value>(
        _ body: () throws(StorageError) -> Value
    ) throws(ServerError) -> Value {
        do {
            return try body()
        } catch {
            guard error.code == .locked else { throw ServerError(error.message) }
            throw ServerError(
                "a server has the data directory open; back it up while it runs with"
                    + " 'tollgate backup' without --data-dir, or stop it first"
            )
        }
    }
}
