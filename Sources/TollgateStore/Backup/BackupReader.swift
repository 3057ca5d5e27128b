internal import Glibc
internal import TollgateCrypto
package import TollgateEngine

/// Reads a backup from a file, and proves as it goes that it is whole.
package final class BackupReader {
    private static let chunkSize = 256 << 10
    /// More than the manifest of a million files.
    private static let manifestLimit: UInt64 = 256 << 20

    private let file: OpenFile
    private let path: String
    private var found: [BackupManifest.File] = []

    /// Opens a backup.
    ///
    /// - Throws: `.io` when it cannot be read.
    private init(_ path: String) throws(StorageError) {
        self.path = path
        file = try OpenFile(path, O_RDONLY)
    }

    /// Reads everything, and writes nothing.
    ///
    /// - Returns: what is in the backup.
    /// - Throws: `.unusable` when it is none, `.corrupt` when it is damaged or was cut off.
    package static func verify(_ path: String) throws(StorageError) -> BackupManifest {
        let reader = try BackupReader(path)
        return try reader.read(into: nil)
    }

    /// Unpacks the backup into a directory, which must be empty.
    ///
    /// Everything that was written is durable when it returns.
    ///
    /// - Returns: what is in the backup.
    /// - Throws: what `verify` throws, or `.io`; then the directory is as it came to be, and to be
    ///   removed by the caller.
    package static func unpack(
        _ path: String,
        into directory: String
    ) throws(StorageError) -> BackupManifest {
        let reader = try BackupReader(path)
        try FlatDirectory.make("\(directory)/db")
        let manifest = try reader.read(into: directory)
        try FlatDirectory.sync("\(directory)/db")
        try FlatDirectory.sync(directory)
        return manifest
    }

    private func read(into directory: String?) throws(StorageError) -> BackupManifest {
        do throws(StorageError) {
            var header = try nextHeader()
            while header.name != BackupManifest.name {
                try readFile(header, into: directory)
                header = try nextHeader()
            }
            return try readManifest(header)
        } catch {
            throw StorageError(error.code, "\(path): \(error.message)")
        }
    }

    private func nextHeader() throws(StorageError) -> TarHeader {
        let block = try next(TarHeader.blockSize)
        return try TarHeader(block.span)
    }

    private func readFile(
        _ header: TarHeader,
        into directory: String?
    ) throws(StorageError) {
        guard BackupReader.isExpected(header.name) else {
            throw StorageError(.unusable, "is no backup of Tollgate")
        }
        var hash = SHA256()
        var left = header.size
        var target: OpenFile?
        if let directory {
            target = try OpenFile("\(directory)/\(header.name)", O_WRONLY | O_CREAT | O_EXCL)
        }
        while left > 0 {
            let piece = try next(Int(min(left, UInt64(BackupReader.chunkSize))))
            hash.update(piece.span)
            try target?.write(piece.span)
            left -= UInt64(piece.count)
        }
        _ = try next(header.padding)
        try target?.sync()
        found.append(
            BackupManifest.File(name: header.name, size: header.size, digest: hash.finalize())
        )
    }

    /// Whether a file can be part of a backup: what is named is never outside of it.
    private static func isExpected(_ name: String) -> Bool {
        if name == BackupManifest.pepper { return true }
        guard name.hasPrefix(BackupManifest.database) else { return false }
        let rest = name.dropFirst(BackupManifest.database.count)
        return !rest.isEmpty && !rest.hasPrefix(".")
            && rest.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private func readManifest(_ header: TarHeader) throws(StorageError) -> BackupManifest {
        guard header.size <= BackupReader.manifestLimit else { throw BackupManifest.damaged }
        let manifest = try BackupManifest(try next(Int(header.size)))
        guard manifest.files == found else { throw BackupManifest.damaged }
        let end = try next(header.padding + 2 * TarHeader.blockSize)
        let isAtEnd = try file.read(1).isEmpty
        guard isAtEnd, end.allSatisfy({ $0 == 0 }) else { throw BackupManifest.damaged }
        return manifest
    }

    /// So many bytes.
    private func next(_ count: Int) throws(StorageError) -> [UInt8] {
        let bytes = try file.read(count)
        guard bytes.count == count else {
            throw StorageError(
                .corrupt,
                found.isEmpty && bytes.isEmpty ? "is empty" : "the backup is cut off"
            )
        }
        return bytes
    }
}
