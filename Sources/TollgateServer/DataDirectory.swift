internal import Glibc

/// The directory that everything durable is in.
enum DataDirectory {
    /// Makes sure that the directory is there and ours, with mode 0700 when it is new.
    static func prepare(_ path: String) throws(ServerError) {
        if mkdir(path, 0o700) == 0 { return }
        let reason = errno
        guard reason == EEXIST else {
            throw ServerError("data directory \(path): \(message(of: reason))")
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ServerError("data directory \(path): \(message(of: errno))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ServerError("data directory \(path): is not a directory")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw ServerError("data directory \(path): \(message(of: errno))")
        }
    }

    /// Whether there is a database in the directory.
    static func holdsDatabase(_ path: String) -> Bool {
        access(path + "/db/CURRENT", F_OK) == 0
    }

    private static func message(of code: Int32) -> String {
        String(cString: strerror(code))
    }
}
