internal import Glibc
internal import TollgateEngine

/// The files of RocksDB's log in a directory.
///
/// Made durable here and not by RocksDB: were it asked to at the moment in which another thread's
/// write fails, its assertions, which Debian builds in, would end the process. Every write has left
/// its buffers when it returns, so the files hold all that is to be kept.
enum LogFiles {
    /// Makes all that the files hold survive the loss of power.
    ///
    /// A file that disappears meanwhile is no loss: RocksDB has put what it held elsewhere, durably.
    ///
    /// - Throws: `.io` when it is not known whether they do.
    static func sync(in directory: String) throws(StorageError) {
        let names = try names(in: directory)
        for name in names { try sync("\(directory)/\(name)", O_RDONLY) }
        // A new file is only found again once the directory knows of it.
        if !names.isEmpty { try sync(directory, O_RDONLY | O_DIRECTORY) }
    }

    /// How many bytes the files have together; 0 when there are none.
    static func length(in directory: String) -> Int {
        var length = 0
        for name in (try? names(in: directory)) ?? [] {
            var status = stat()
            if stat("\(directory)/\(name)", &status) == 0 { length += Int(status.st_size) }
        }
        return length
    }

    private static func names(in directory: String) throws(StorageError) -> [String] {
        guard let entries = opendir(directory) else { throw failure("open", directory) }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".log") { names.append(name) }
        }
        return names
    }

    private static func sync(_ path: String, _ flags: Int32) throws(StorageError) {
        let file = open(path, flags | O_CLOEXEC)
        if file < 0, errno == ENOENT { return }
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard fdatasync(file) == 0 else { throw failure("sync", path) }
    }

    private static func failure(_ what: String, _ path: String) -> StorageError {
        StorageError(.io, "\(path): cannot \(what): \(String(cString: strerror(errno)))")
    }
}
