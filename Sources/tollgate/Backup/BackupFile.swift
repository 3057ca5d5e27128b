internal import Foundation
internal import Glibc
internal import TollgateServer

/// A file that a backup is written to: for its owner alone, and under its own name only when it is
/// whole.
final class BackupFile {
    private let path: String
    private let draft: String
    private let handle: FileHandle
    private let watch: DraftWatch
    private var progress = ProgressLine("backup")
    private var count = 0

    /// Makes the file.
    ///
    /// - Throws: when there is one of this name, or none can be made.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        draft = path + ".partial"
        guard access(path, F_OK) != 0 else {
            throw .failed("\(path) is there already; nothing was changed")
        }
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw .failed("\(draft) cannot be written: \(String(cString: strerror(errno)))")
        }
        watch = DraftWatch(draft)
        _ = fchmod(file, 0o600)
        handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }

    /// Writes a piece.
    func write(_ piece: [UInt8]) throws(CommandFailure) {
        do {
            try handle.write(contentsOf: Data(piece))
        } catch {
            throw .failed("\(draft) cannot be written; is the disk full?")
        }
        count += piece.count
        progress.show(bytes: count)
    }

    /// Reads the backup once more, and gives it its name.
    ///
    /// - Throws: when it is not whole; then it is removed.
    func finish() throws(CommandFailure) -> BackupSummary {
        progress.finish()
        do {
            try handle.synchronize()
            let summary = try Backups.verify(draft)
            guard rename(draft, path) == 0 else {
                throw CommandFailure.failed("\(path): \(String(cString: strerror(errno)))")
            }
            watch.end()
            return summary
        } catch {
            discard()
            throw .failed("the backup is of no use and was removed: \(error)")
        }
    }

    /// Removes what was written so far.
    func discard() {
        progress.finish()
        unlink(draft)
        watch.end()
    }
}
