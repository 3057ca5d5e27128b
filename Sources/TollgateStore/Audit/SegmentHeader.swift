internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// What is known of a sealed segment without reading it: enough to skip it, and to prove it.
///
/// A segment holds all records of consecutive blocks but those that only the ledger needs. Its name,
/// and the key of this header, is the position of the last block. Its content is in chunks of some
/// 32 KiB (`SegmentChunk`), and the SHA-256 of each chunk is in it as well.
struct SegmentHeader {
    /// The part that is read to find out whether the rest has to be.
    var outline: SegmentOutline
    /// The models that decisions have, as far as they have a number.
    var models: [[UInt8]] = []
    /// The first place of each chunk of rows.
    var rowFences: [AuditPlace] = []
    /// The first id of each chunk of keys.
    var keyFences: [KeyID] = []
    /// The first reservation of each chunk of allows, and of ends.
    var allowFences: [UInt128] = []
    var endFences: [UInt128] = []
    /// The hash of the segment before, all zeros for the first.
    var previousHash = SHA256.Digest(words: (0, 0, 0, 0))
    /// SHA-256 of the previous hash, the hashes of all chunks in order and the fields above.
    var hash = SHA256.Digest(words: (0, 0, 0, 0))

    /// An empty segment behind a position.
    init(after previous: UInt64) {
        outline = SegmentOutline(after: previous)
    }

    /// The last position of the segment: its name.
    var last: UInt64 { outline.last }

    /// The bytes that the hash ends with.
    var hashedFields: [UInt8] {
        var writer = ByteWriter(capacity: 1024)
        outline.write(to: &writer)
        writer.append(UInt16(truncatingIfNeeded: models.count))
        for model in models {
            writer.append(UInt16(truncatingIfNeeded: model.count))
            writer.append(model.span)
        }
        for place in rowFences {
            writer.append(place.position.rawValue)
            writer.append(place.index)
        }
        for id in keyFences { writer.append(id.rawValue) }
        for id in allowFences { writer.append(id) }
        for id in endFences { writer.append(id) }
        writer.append(previousHash.bytes.span)
        return writer.bytes
    }

    /// The header as it is stored.
    var bytes: [UInt8] { hashedFields + hash.bytes }

    /// Reads a header back.
    init(_ bytes: Span<UInt8>) throws(StorageError) {
        var reader = ByteReader(bytes, "the header of a segment")
        outline = try SegmentOutline(&reader)
        for _ in 0..<(try reader.number(UInt16.self)) {
            let length = Int(try reader.number(UInt16.self))
            var writer = ByteWriter(capacity: length)
            writer.append(try reader.bytes(length))
            models.append(writer.bytes)
        }
        for _ in 0..<SegmentChunk.count(of: outline.count) {
            let position = JournalPosition(rawValue: try reader.number())
            rowFences.append(AuditPlace(position: position, index: try reader.number()))
        }
        for _ in 0..<SegmentChunk.count(of: outline.keyCount) {
            keyFences.append(KeyID(rawValue: try reader.number()))
        }
        for _ in 0..<SegmentChunk.count(of: outline.allowCount) {
            allowFences.append(try reader.number())
        }
        for _ in 0..<SegmentChunk.count(of: outline.endCount) {
            endFences.append(try reader.number())
        }
        previousHash = try SegmentHeader.digest(try reader.bytes(32))
        hash = try SegmentHeader.digest(try reader.bytes(32))
        guard reader.isAtEnd else { throw reader.damaged() }
    }

    static func digest(_ bytes: Span<UInt8>) throws(StorageError) -> SHA256.Digest {
        guard let digest = SHA256.Digest(bytes: bytes) else {
            throw StorageError(.corrupt, "a hash of \(bytes.count) bytes")
        }
        return digest
    }
}
