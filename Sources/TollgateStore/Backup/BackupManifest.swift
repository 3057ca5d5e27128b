package import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// What is in a backup: its last file, which says of every other how long it is and what its SHA-256
/// is, and of itself as well.
///
/// Lines of text, so that a person can read it. It comes last because a backup is made in one go: one
/// that was cut off has none.
package struct BackupManifest: Equatable, Sendable {
    /// A file of the backup.
    struct File: Equatable, Sendable {
        var name: String
        var size: UInt64
        var digest: SHA256.Digest
    }

    static let name = "manifest.txt"
    private static let title = "tollgate-backup 1"

    /// When it was begun.
    package var time: WallTime
    /// The last block of the journal that is in it for certain; later ones may be.
    package var position: JournalPosition
    /// How many changes of the catalogue are in it for certain.
    package var changes: UInt64
    var files: [File] = []

    /// Whether the pepper is in it, without which no key works.
    package var hasPepper: Bool { files.contains { $0.name == BackupManifest.pepper } }

    /// How many bytes the files have together.
    package var size: UInt64 { files.reduce(0) { $0 &+ $1.size } }

    static let pepper = "pepper"
    static let database = "db/"

    init(time: WallTime, position: JournalPosition, changes: UInt64) {
        self.time = time
        self.position = position
        self.changes = changes
    }

    /// The lines.
    var bytes: [UInt8] {
        var text = """
            \(BackupManifest.title)
            created_ms \(time.milliseconds)
            position \(position.rawValue)
            changes \(changes)

            """
        for file in files { text += "file \(file.digest) \(file.size) \(file.name)\n" }
        let sum = SHA256.digest(of: Array(text.utf8).span)
        return Array((text + "end \(sum)\n").utf8)
    }

    /// Reads the lines.
    ///
    /// - Throws: `.unusable` for a backup of another version, `.corrupt` for anything else that
    ///   `bytes` does not write.
    init(_ bytes: [UInt8]) throws(StorageError) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.first?.hasPrefix("tollgate-backup ") == true else {
            throw BackupManifest.damaged
        }
        guard lines.first == BackupManifest.title[...] else {
            throw StorageError(.unusable, "is a backup of a later version")
        }
        func number(_ line: Int, _ name: String) throws(StorageError) -> UInt64 {
            let words = line < lines.count ? lines[line].split(separator: " ") : []
            guard words.count == 2, words[0] == name, let number = UInt64(words[1]) else {
                throw BackupManifest.damaged
            }
            return number
        }
        let milliseconds = Int64(clamping: try number(1, "created_ms"))
        time = WallTime(milliseconds: milliseconds)
        position = JournalPosition(rawValue: try number(2, "position"))
        changes = try number(3, "changes")
        for line in lines.dropFirst(4).dropLast() { files.append(try File(line)) }
        // Whatever was changed, it is not what would be written now.
        guard self.bytes == bytes else { throw BackupManifest.damaged }
    }

    static let damaged = StorageError(.corrupt, "the backup is damaged")
}

extension BackupManifest.File {
    fileprivate init(_ line: Substring) throws(StorageError) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard
            words.count == 4, words[0] == "file", let size = UInt64(words[2]),
            let digest = SHA256.Digest(hexadecimal: words[1])
        else { throw BackupManifest.damaged }
        self.init(name: String(words[3]), size: size, digest: digest)
    }
}

extension SHA256.Digest {
    /// The hash that 64 small hexadecimal digits spell.
    fileprivate init?(hexadecimal text: Substring) {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        self.init(bytes: bytes.span)
    }
}
