internal import Glibc
internal import TollgateCore

/// The file that checkpoints are appended to, one signed line each.
final class CheckpointFile: CheckpointSink {
    private let path: String
    private let file: Int32

    /// Opens the file, and makes it for its owner alone when there is none.
    init(path: String) throws(ServerError) {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard file >= 0 else {
            throw ServerError("checkpoints \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        close(file)
    }

    /// Appends a line, and waits until it is durable.
    func append(_ checkpoint: SignedCheckpoint) throws(ServerError) {
        let line = Array(checkpoint.line.utf8)
        // In one call: a line is never in the middle of another.
        guard write(file, line, line.count) == line.count else { throw failure("write") }
        // A pipe or a terminal has nothing to make durable.
        guard fsync(file) == 0 || errno == EINVAL || errno == EROFS else { throw failure("sync") }
    }

    private func failure(_ what: String) -> ServerError {
        ServerError("checkpoints \(path): cannot \(what): \(String(cString: strerror(errno)))")
    }
}
