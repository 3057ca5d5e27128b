internal import Glibc
internal import TollgateEngine

/// The directory that a store lives in.
enum DataDirectory {
    /// Makes the directory when there is none, readable by its owner only.
    ///
    /// - Throws: `.unusable` when it cannot be made, is no directory or may not be written to.
    static func prepare(_ path: String) throws(StorageError) {
        if mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw unusable(path, "cannot be created")
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw unusable(path, "cannot be looked at") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StorageError(.unusable, "\(path): not a directory")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw unusable(path, "may not be written to")
        }
    }

    /// Whether there is a database in the directory.
    static func holdsDatabase(_ path: String) -> Bool { access("\(path)/CURRENT", F_OK) == 0 }

    private static func unusable(_ path: String, _ trouble: String) -> StorageError {
        // Read before anything else can change it.
        let reason = String(cString: strerror(errno))
        return StorageError(.unusable, "\(path): \(trouble): \(reason)")
    }
}
