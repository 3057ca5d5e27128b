internal import Glibc
internal import Synchronization
internal import TollgateCore
package import TollgateEngine

extension Store {
    /// Begins a backup of everything that is kept now, while it is in use.
    ///
    /// Event loops go on; the projections wait for as long as it takes to link the files.
    ///
    /// - Parameter pepperFile: the file of the pepper, if the backup is to have it.
    /// - Returns: the backup, to be read to its end.
    /// - Throws: `.locked` while another one is being read, `.unusable` when there is no such file.
    package func beginBackup(pepperFile: String?) throws(StorageError) -> any BackupStream {
        guard backing.begin() else {
            throw StorageError(.locked, "another backup is being made")
        }
        do throws(StorageError) {
            return try makeBackup(pepperFile)
        } catch {
            backing.end()
            throw error
        }
    }

    private func makeBackup(_ pepperFile: String?) throws(StorageError) -> BackupArchive {
        var pepper: [UInt8]?
        if let pepperFile {
            guard access(pepperFile, R_OK) == 0 else {
                throw StorageError(.unusable, "the pepper is not kept in a file")
            }
            pepper = try OpenFile(pepperFile, O_RDONLY).read(4096)
        }
        let path = Store.checkpoint(in: directory)
        FlatDirectory.remove(path)
        // Read before: the checkpoint has at least this.
        let manifest = BackupManifest(
            time: wallTime,
            position: JournalPosition(rawValue: journal.frontier),
            changes: catalogue.changes
        )
        do throws(StorageError) {
            try projector.whilePaused { database throws(StorageError) in
                try database.makeCheckpoint(at: path)
            }
            return try BackupArchive(path, manifest, pepper: pepper) { [backing] in backing.end() }
        } catch {
            FlatDirectory.remove(path)
            throw error
        }
    }

    private var wallTime: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    /// Where the files of a backup are while it is read.
    static func checkpoint(in directory: String) -> String { "\(directory)/checkpoint" }
}

/// Whether a backup is being read; it may outlive whoever asked for it.
final class BackupTurn: Sendable {
    private let isTaken = Atomic(false)

    /// Takes the turn; false when somebody else has it.
    func begin() -> Bool { !isTaken.exchange(true, ordering: .acquiring) }

    /// Gives it back.
    func end() { isTaken.store(false, ordering: .releasing) }
}
