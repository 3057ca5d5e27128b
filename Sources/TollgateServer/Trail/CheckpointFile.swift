internal import Glibc
internal import TollgateCore

/// The file that checkpoints are appended to, one signed line each.
final class CheckpointFile: CheckpointSink {
    private let path: String
    private let file: Int32

    /// Opens the file, and makes it for its owner alone when there is none.
    ///
    /// - Throws: when it cannot be opened.
    init(path: String) throws(ServerError) {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard file >= 0 else {
            throw ServerError("checkpoints \(path): \(String(cString: strerror(errno)))")
        }
        // Best effort: the first line is not written without.
        try? endLastLine()
    }

    deinit {
        close(file)
    }

    /// Appends a line, and waits until it is durable.
    ///
    /// Of a line that could not be written nothing stays, as far as the file lets us.
    func append(_ checkpoint: SignedCheckpoint) throws(ServerError) {
        try endLastLine()
        let line = Array(checkpoint.line.utf8)
        // In one call: a line is never in the middle of another.
        let count = write(file, line, line.count)
        guard count >= 0 else { throw failure("write") }
        guard count == line.count else {
            try? endLastLine()
            // The system says why only to who goes on.
            throw ServerError(
                "checkpoints \(path): cannot write: took \(count) of \(line.count) bytes"
            )
        }
        // A pipe or a terminal has nothing to make durable.
        guard fsync(file) == 0 || errno == EINVAL || errno == EROFS else { throw failure("sync") }
    }

    /// More than a line has.
    private static let lineLimit = 4096
    /// What every line of ours begins with.
    private static let lineStart = Array(#"{"time":""#.utf8)

    /// Takes away a line of ours that was only begun, so that the next one is not spoiled by it.
    ///
    /// Anything else that the file ends with stays, with a line break behind it.
    private func endLastLine() throws(ServerError) {
        let (tail, size) = self.tail
        guard let last = tail.last, last != 0x0A else { return }
        let start = tail.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = tail[start...]
        let isBegunByUs =
            (start > 0 || tail.count == size) && last != UInt8(ascii: "}")
            && (line.starts(with: CheckpointFile.lineStart)
                || CheckpointFile.lineStart.starts(with: line))
        if isBegunByUs, ftruncate(file, off_t(size - line.count)) == 0 { return }
        guard write(file, [0x0A], 1) == 1 else { throw failure("end the last line") }
    }

    /// The last bytes of a regular file, and how long it is; nothing of one that cannot be read.
    private var tail: (bytes: [UInt8], size: Int) {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return ([], 0) }
        // The same file, whatever has its name by now.
        let reader = open("/proc/self/fd/\(file)", O_RDONLY | O_CLOEXEC)
        guard reader >= 0 else { return ([], 0) }
        defer { close(reader) }
        let size = Int(status.st_size)
        let start = max(0, size - CheckpointFile.lineLimit)
        var bytes = [UInt8](repeating: 0, count: size - start)
        guard pread(reader, &bytes, bytes.count, off_t(start)) == bytes.count else {
            return ([], 0)
        }
        return (bytes, size)
    }

    private func failure(_ what: String) -> ServerError {
        ServerError("checkpoints \(path): cannot \(what): \(String(cString: strerror(errno)))")
    }
}
