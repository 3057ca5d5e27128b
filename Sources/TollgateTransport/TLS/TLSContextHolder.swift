internal import Glibc
internal import Synchronization

/// The TLS context in force, and how it is exchanged for one from newer files.
///
/// Safe to use from any thread. New connections take `current`; those that are open keep theirs.
package final class TLSContextHolder: Sendable {
    private let certificateFile: String
    private let keyFile: String
    private let clientCAFile: String?

    /// Held for an instant, by event loops too.
    private let context: Mutex<TLSContext>

    /// What the files in force looked like; held while files are read, so that two who reload at
    /// once do so one after the other.
    private let stamps: Mutex<[FileStamp?]>

    /// Reads the files for the first time; the parameters are those of `TLSContext`.
    package init(
        certificateFile: String,
        keyFile: String,
        clientCAFile: String?
    ) throws(TransportError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        // Looked at before they are read: a change in between is then seen by the next reload.
        let stamps = FileStamp.stamps(of: [certificateFile, keyFile, clientCAFile])
        let context = try TLSContext(
            certificateFile: certificateFile,
            keyFile: keyFile,
            clientCAFile: clientCAFile
        )
        self.context = Mutex(context)
        self.stamps = Mutex(stamps)
    }

    /// The context for the next connection.
    package var current: TLSContext {
        context.withLock { $0 }
    }

    /// Reads the files again if any of them is another one than before, or was changed.
    ///
    /// Files that cannot be used change nothing: the context stays, the error says why, and the
    /// next call tries again. Reads files: not for an event loop.
    ///
    /// - Returns: whether new connections get a new context.
    /// - Throws: what is wrong with which file.
    package func reload() throws(TransportError) -> Bool {
        try stamps.withLock { stamps throws(TransportError) in
            let latest = FileStamp.stamps(of: [certificateFile, keyFile, clientCAFile])
            guard latest != stamps else { return false }
            let fresh = try TLSContext(
                certificateFile: certificateFile,
                keyFile: keyFile,
                clientCAFile: clientCAFile
            )
            context.withLock { $0 = fresh }
            stamps = latest
            return true
        }
    }
}

/// What tells a file from a later state of it, or from another one put in its place.
private struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let modifiedSeconds: Int
    private let modifiedNanoseconds: Int
    private let changedSeconds: Int
    private let changedNanoseconds: Int

    /// The stamps of some files; nil for one that is not there.
    static func stamps(of paths: [String?]) -> [FileStamp?] {
        paths.map { path in path.flatMap { FileStamp($0) } }
    }

    private init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modifiedSeconds = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
        // A tool that sets the time of modification back cannot set this one.
        changedSeconds = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}
