internal import Glibc
internal import TollgateEngine

/// A directory that holds files and nothing else, as a checkpoint does.
enum FlatDirectory {
    /// The names of what is in a directory, sorted.
    ///
    /// - Throws: `.io` when it cannot be read.
    static func names(in path: String) throws(StorageError) -> [String] {
        guard let entries = opendir(path) else { throw failure("open", path) }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a directory with its files, as far as that can be done.
    static func remove(_ path: String) {
        for name in (try? names(in: path)) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// Makes a directory for its owner alone, which must not exist.
    static func make(_ path: String) throws(StorageError) {
        guard mkdir(path, 0o700) == 0 else { throw failure("create", path) }
    }

    /// Makes the entries of a directory survive the loss of power.
    static func sync(_ path: String) throws(StorageError) {
        let file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    /// What the system has just refused.
    static func failure(_ what: String, _ path: String) -> StorageError {
        StorageError(.io, "\(path): cannot \(what): \(String(cString: strerror(errno)))")
    }
}

/// An open file, closed when its owner lets it go.
final class OpenFile: Sendable {
    private let number: Int32
    private let path: String

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - flags: as for `open`; a new file is its owner's alone.
    /// - Throws: `.io`.
    init(_ path: String, _ flags: Int32) throws(StorageError) {
        number = open(path, flags | O_CLOEXEC, 0o600)
        self.path = path
        guard number >= 0 else { throw FlatDirectory.failure("open", path) }
    }

    deinit {
        close(number)
    }

    /// How long it is, in bytes.
    func length() throws(StorageError) -> UInt64 {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FlatDirectory.failure("examine", path) }
        return UInt64(clamping: status.st_size)
    }

    /// Reads the next bytes: fewer than asked for only at the end.
    func read(_ limit: Int) throws(StorageError) -> [UInt8] {
        var problem: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while count < limit {
                let start = buffer.baseAddress.map { $0 + count }
                let got = Glibc.read(number, start, limit - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { problem = FlatDirectory.failure("read", path) }
                if got <= 0 { break }
                count += got
            }
        }
        if let problem { throw problem }
        return bytes
    }

    /// Writes bytes at the end.
    func write(_ bytes: Span<UInt8>) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.extracting(droppingFirst: written).withUnsafeBytes {
                Glibc.write(number, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FlatDirectory.failure("write", path) }
            written += count
        }
    }

    /// Makes what was written survive the loss of power.
    func sync() throws(StorageError) {
        guard fsync(number) == 0 else { throw FlatDirectory.failure("sync", path) }
    }
}
