internal import Glibc

/// The file of a Unix socket that we are about to listen on.
package enum UnixSocketFile {
    /// Removes the file when it is a socket on which nobody listens.
    ///
    /// A process that was killed leaves its socket behind. Anything else at that path stays, and
    /// binding then says that the address is in use.
    ///
    /// - Returns: false when something stays.
    @discardableResult
    package static func removeStale(_ path: String) -> Bool {
        var status = stat()
        // Whatever else keeps us from looking at it, binding says.
        guard lstat(path, &status) == 0 else { return true }
        guard status.st_mode & S_IFMT == S_IFSOCK, isRefused(path) else { return false }
        return unlink(path) == 0
    }

    /// Whether connecting is refused, which it is exactly when nobody listens.
    private static func isRefused(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        return result != 0 && errno == ECONNREFUSED
    }

    /// Lets the group connect too, and nobody else.
    ///
    /// - Returns: false when that is not possible.
    package static func restrict(_ path: String) -> Bool {
        chmod(path, 0o660) == 0
    }
}
