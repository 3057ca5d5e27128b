internal import Glibc
internal import TollgateEngine

/// Finds out whether the disk takes what opening a database anew writes.
enum DiskProbe {
    /// What opening needs besides room for what is in the log.
    private static let margin = 1 << 20

    /// Writes a file as long as the log, makes it durable and removes it.
    ///
    /// - Parameters:
    ///   - directory: where to write it.
    ///   - database: the directory of the database.
    /// - Throws: `.io` when the disk refuses.
    static func check(_ directory: String, for database: String) throws(StorageError) {
        let path = "\(directory)/probe"
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw refused(path, errno) }
        defer {
            Glibc.close(file)
            unlink(path)
        }
        let length = LogFiles.length(in: database) + margin
        let failure = posix_fallocate(file, 0, off_t(length))
        guard failure == 0 else { throw refused(path, failure) }
        let page = [UInt8](repeating: 0, count: 4096)
        guard pwrite(file, page, page.count, off_t(length - page.count)) == page.count,
            fdatasync(file) == 0
        else { throw refused(path, errno) }
    }

    private static func refused(_ path: String, _ number: Int32) -> StorageError {
        StorageError(.io, "\(path): cannot be written: \(String(cString: strerror(number)))")
    }
}
