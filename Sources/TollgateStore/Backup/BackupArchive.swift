internal import Glibc
internal import Synchronization
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// A backup as it is read: a `tar` of a checkpoint's files, made piece by piece while they are read.
///
/// The checkpoint is removed when everything was read, or nobody wants the rest.
final class BackupArchive: BackupStream {
    private static let chunkSize = 256 << 10

    /// One file, or what is in its place.
    private struct Entry {
        var name: String
        /// Where to read it; nil when the content is here.
        var path: String?
        var content: [UInt8] = []
    }

    private struct State {
        var entries: [Entry]
        var manifest: BackupManifest
        var file: Source?
        var isOver = false
    }

    /// The file that is being read.
    private struct Source {
        let file: OpenFile
        let header: TarHeader
        var left: UInt64
        var hash = SHA256()
    }

    private let directory: String
    private let onEnd: @Sendable () -> Void
    private let hasEnded = Atomic(false)
    private let state: Mutex<State>

    /// A backup of a checkpoint, which it owns from now on.
    ///
    /// - Parameters:
    ///   - directory: the checkpoint.
    ///   - manifest: what is known of it; without files.
    ///   - pepper: the content of the pepper's file, if it is to be in the backup.
    ///   - onEnd: called once, when the checkpoint is removed.
    /// - Throws: `.io` when the checkpoint cannot be read.
    init(
        _ directory: String,
        _ manifest: BackupManifest,
        pepper: [UInt8]?,
        onEnd: @escaping @Sendable () -> Void
    ) throws(StorageError) {
        var entries = try FlatDirectory.names(in: directory).map { name in
            Entry(name: BackupManifest.database + name, path: "\(directory)/\(name)")
        }
        if let pepper {
            entries.append(Entry(name: BackupManifest.pepper, path: nil, content: pepper))
        }
        self.directory = directory
        self.onEnd = onEnd
        state = Mutex(State(entries: entries.reversed(), manifest: manifest))
    }

    deinit {
        end()
    }

    private func end() {
        guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
        FlatDirectory.remove(directory)
        onEnd()
    }

    /// The next piece; nil when there is nothing more.
    ///
    /// - Throws: `.io` when a file cannot be read; what was given so far is no backup.
    func next() throws(StorageError) -> [UInt8]? {
        let piece = try state.withLock { state throws(StorageError) -> [UInt8]? in
            if let piece = try BackupArchive.readOn(&state) { return piece }
            guard let entry = state.entries.popLast() else {
                defer { state.isOver = true }
                return state.isOver ? nil : BackupArchive.close(state.manifest)
            }
            return try BackupArchive.begin(entry, &state)
        }
        if piece == nil { end() }
        return piece
    }

    /// The next piece of the file that is being read; nil when it was read to its end.
    private static func readOn(_ state: inout State) throws(StorageError) -> [UInt8]? {
        guard var source = state.file else { return nil }
        state.file = nil
        let count = Int(min(source.left, UInt64(chunkSize)))
        var piece = try source.file.read(count)
        guard piece.count == count else {
            throw StorageError(.io, "\(source.header.name) has become shorter")
        }
        source.hash.update(piece.span)
        source.left -= UInt64(count)
        if source.left == 0 {
            let header = source.header
            state.manifest.add(header.name, header.size, source.hash)
            piece += [UInt8](repeating: 0, count: header.padding)
        } else {
            state.file = source
        }
        return piece
    }

    /// The head of the next file, and its content if it is here.
    private static func begin(
        _ entry: Entry,
        _ state: inout State
    ) throws(StorageError) -> [UInt8] {
        let time = state.manifest.time.milliseconds / 1000
        guard let path = entry.path else {
            var hash = SHA256()
            hash.update(entry.content.span)
            let size = UInt64(entry.content.count)
            state.manifest.add(entry.name, size, hash)
            return whole(TarHeader(name: entry.name, size: size, time: time), entry.content)
        }
        let file = try OpenFile(path, O_RDONLY)
        let header = TarHeader(name: entry.name, size: try file.length(), time: time)
        guard header.size < TarHeader.sizeLimit, entry.name.utf8.count <= 100 else {
            throw StorageError(.unusable, "\(entry.name) is too large for a backup")
        }
        if header.size == 0 {
            state.manifest.add(entry.name, 0, SHA256())
        } else {
            state.file = Source(file: file, header: header, left: header.size)
        }
        return header.block
    }

    private static func whole(_ header: TarHeader, _ content: [UInt8]) -> [UInt8] {
        header.block + content + [UInt8](repeating: 0, count: header.padding)
    }

    /// The manifest, and the two empty blocks that end an archive.
    private static func close(_ manifest: BackupManifest) -> [UInt8] {
        let content = manifest.bytes
        let header = TarHeader(
            name: BackupManifest.name,
            size: UInt64(content.count),
            time: manifest.time.milliseconds / 1000
        )
        return whole(header, content)
            + [UInt8](repeating: 0, count: 2 * TarHeader.blockSize)
    }
}

extension BackupManifest {
    fileprivate mutating func add(_ name: String, _ size: UInt64, _ hash: SHA256) {
        files.append(File(name: name, size: size, digest: hash.finalize()))
    }
}
