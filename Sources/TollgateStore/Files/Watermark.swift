internal import Glibc
internal import Synchronization
internal import TollgateCore
internal import TollgateEngine

/// How far the store is known to have come, kept in a file beside the database.
///
/// RocksDB opens happily when its log was deleted or cut off, with less in it than before. A database
/// that knows of less than its watermark has lost what was promised to be kept.
///
/// Two slots, written in turns, so that a torn write leaves the other one: magic (8 bytes),
/// generation (8), position (8), changes (8), CRC-32 of these (4), all little-endian.
final class Watermark: Sendable {
    /// What is known to be durable.
    struct Mark: Equatable, Sendable {
        /// The last block of the journal.
        var position: UInt64 = 0
        /// How many times the catalogue was changed.
        var changes: UInt64 = 0
    }

    private static let magic: UInt64 = 0x3130_6B72_616D_6774  // "tgmark01"
    private static let slotLength = 36
    private static let slotDistance = 4096

    private struct Slot {
        var generation: UInt64
        var mark: Mark
    }

    /// Where the file is.
    let path: String

    private let file: Int32
    private let last: Mutex<Slot>

    /// Opens the file, and makes an empty one when there is none.
    ///
    /// - Throws: `.corrupt` when there is a file, but none of its slots can be trusted.
    init(path: String) throws(StorageError) {
        self.path = path
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Watermark.failed("open", path, .unusable) }
        var bytes = [UInt8](repeating: 0, count: Watermark.slotDistance + Watermark.slotLength)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count >= 0 else {
            let error = Watermark.failed("read", path, .io)
            Glibc.close(file)
            throw error
        }
        let slots = [0, Watermark.slotDistance].compactMap { start in
            Watermark.slot(bytes.span.extracting(start..<start + Watermark.slotLength))
        }
        let newest = slots.max { $0.generation < $1.generation }
        if count > 0 && newest == nil {
            Glibc.close(file)
            throw StorageError(
                .corrupt,
                "\(path) is damaged, so it cannot be told whether the store is complete;"
                    + " to accept it as it is, remove this file"
            )
        }
        last = Mutex(newest ?? Slot(generation: 0, mark: Mark()))
    }

    deinit {
        Glibc.close(file)
    }

    /// The last mark that was written; nil when none ever was.
    var mark: Mark? { last.withLock { $0.generation > 0 ? $0.mark : nil } }

    /// Refuses a database that has come less far than the last mark.
    func check(_ mark: Mark) throws(StorageError) {
        guard let found = self.mark else { return }
        guard mark.position >= found.position, mark.changes >= found.changes else {
            throw StorageError(
                .corrupt,
                "the database has lost data: its journal ends at \(mark.position) and it knows of"
                    + " \(mark.changes) changes of keys, but \(found.position) and"
                    + " \(found.changes) were durable; to accept the loss, remove \(path)"
            )
        }
    }

    /// Writes a new mark, unless nothing has changed, and waits until it is durable.
    func write(_ mark: Mark) throws(StorageError) {
        try last.withLock { last throws(StorageError) in
            if last.mark == mark && last.generation > 0 { return }
            let slot = Slot(generation: last.generation &+ 1, mark: mark)
            let bytes = Watermark.bytes(of: slot)
            let start = off_t(slot.generation % 2) * off_t(Watermark.slotDistance)
            guard pwrite(file, bytes, bytes.count, start) == bytes.count, fdatasync(file) == 0
            else { throw Watermark.failed("write", path, .io) }
            last = slot
        }
    }

    private static func bytes(of slot: Slot) -> [UInt8] {
        var writer = ByteWriter(capacity: slotLength)
        writer.append(magic)
        writer.append(slot.generation)
        writer.append(slot.mark.position)
        writer.append(slot.mark.changes)
        let sum = CRC32.checksum(of: writer.span)
        writer.append(sum)
        return writer.bytes
    }

    private static func slot(_ bytes: Span<UInt8>) -> Slot? {
        let sum: UInt32 = bytes.littleEndian(at: slotLength - 4)
        let start: UInt64 = bytes.littleEndian(at: 0)
        guard
            start == magic, sum == CRC32.checksum(of: bytes.extracting(0..<slotLength - 4))
        else { return nil }
        let mark = Mark(position: bytes.littleEndian(at: 16), changes: bytes.littleEndian(at: 24))
        return Slot(generation: bytes.littleEndian(at: 8), mark: mark)
    }

    private static func failed(
        _ what: String,
        _ path: String,
        _ code: StorageError.Code
    ) -> StorageError {
        StorageError(code, "\(path): cannot \(what): \(String(cString: strerror(errno)))")
    }
}
