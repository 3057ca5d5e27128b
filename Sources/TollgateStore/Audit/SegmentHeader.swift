internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// What is known of a sealed segment without reading it: enough to skip it, and to prove it.
///
/// A segment holds the decisions and settlements of consecutive blocks. Its name, and the key of this header, is the
/// position of the last one. Its content is in chunks of some 32 KiB, of three kinds:
/// - texts: the journal's records, grouped by key, the oldest of each key first;
/// - rows: 32 bytes for each record, in the order of places (`SegmentRow`);
/// - keys: where the rows of each key are, in the order of ids (`SegmentKey`).
struct SegmentHeader {
    /// The kinds of chunks, in the order in which they are stored and hashed.
    enum Kind: UInt8 {
        case texts = 0
        case rows = 1
        case keys = 2
    }

    private static let version: UInt8 = 1

    /// How many rows or keys are in one chunk; the last one may have fewer.
    static let chunkCount = 1024

    /// The last position before this segment: where the one before it ends.
    var previous: UInt64 = 0
    /// The last position of this segment.
    var last: UInt64 = 0
    /// How many records it holds.
    var count: UInt32 = 0
    /// How many of them are decisions.
    var decisionCount: UInt32 = 0
    /// The times of the earliest and the latest record; the clock may have been set back between.
    var earliest = WallTime(milliseconds: .max)
    var latest = WallTime(milliseconds: .min)
    /// Which reasons decisions have, a bit for each raw value.
    var reasons: UInt64 = 0
    /// The models that decisions have, as far as they have a number.
    var models: [[UInt8]] = []
    /// Whether there are models without a number.
    var hasOtherModels = false
    /// How many keys occur.
    var keyCount: UInt32 = 0
    /// The first place of each chunk of rows.
    var rowFences: [AuditPlace] = []
    /// The first id of each chunk of keys.
    var keyFences: [KeyID] = []
    /// The hash of the segment before, all zeros for the first.
    var previousHash = SHA256.Digest(words: (0, 0, 0, 0))
    /// SHA-256 of the previous hash, all chunks in order and the fields above.
    var hash = SHA256.Digest(words: (0, 0, 0, 0))

    /// An empty segment behind a position.
    init(after previous: UInt64) {
        self.previous = previous
        last = previous
    }

    /// The bytes that the hash ends with.
    var hashedFields: [UInt8] {
        var writer = ByteWriter(capacity: 1024)
        writer.append(SegmentHeader.version)
        writer.append(previous)
        writer.append(last)
        writer.append(count)
        writer.append(decisionCount)
        writer.append(earliest.milliseconds)
        writer.append(latest.milliseconds)
        writer.append(reasons)
        writer.append(UInt8(hasOtherModels ? 1 : 0))
        writer.append(keyCount)
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
        writer.append(previousHash.bytes.span)
        return writer.bytes
    }

    /// The header as it is stored.
    var bytes: [UInt8] { hashedFields + hash.bytes }

    /// Reads a header back.
    init(_ bytes: Span<UInt8>) throws(StorageError) {
        var reader = ByteReader(bytes, "the header of a segment")
        let version: UInt8 = try reader.number()
        guard version == SegmentHeader.version else {
            throw StorageError(.corrupt, "the header of a segment of version \(version)")
        }
        previous = try reader.number()
        last = try reader.number()
        count = try reader.number()
        decisionCount = try reader.number()
        earliest = WallTime(milliseconds: try reader.number())
        latest = WallTime(milliseconds: try reader.number())
        reasons = try reader.number()
        hasOtherModels = try reader.number(UInt8.self) != 0
        keyCount = try reader.number()
        for _ in 0..<(try reader.number(UInt16.self)) {
            let length = Int(try reader.number(UInt16.self))
            var writer = ByteWriter(capacity: length)
            writer.append(try reader.bytes(length))
            models.append(writer.bytes)
        }
        for _ in 0..<SegmentHeader.chunks(of: count) {
            let position = JournalPosition(rawValue: try reader.number())
            rowFences.append(AuditPlace(position: position, index: try reader.number()))
        }
        for _ in 0..<SegmentHeader.chunks(of: keyCount) {
            keyFences.append(KeyID(rawValue: try reader.number()))
        }
        previousHash = try SegmentHeader.digest(try reader.bytes(32))
        hash = try SegmentHeader.digest(try reader.bytes(32))
        guard reader.isAtEnd, previous < last else { throw reader.damaged() }
    }

    /// How many chunks so many rows or keys take.
    static func chunks(of count: UInt32) -> Int {
        (Int(count) + chunkCount - 1) / chunkCount
    }

    /// The key of one chunk of the segment that ends at a position.
    static func key(_ last: UInt64, _ kind: Kind, _ number: UInt32) -> [UInt8] {
        var writer = ByteWriter(capacity: 13)
        writer.appendBigEndian(last)
        writer.append(kind.rawValue)
        writer.appendBigEndian(number)
        return writer.bytes
    }

    private static func digest(_ bytes: Span<UInt8>) throws(StorageError) -> SHA256.Digest {
        guard let digest = SHA256.Digest(bytes: bytes) else {
            throw StorageError(.corrupt, "a hash of \(bytes.count) bytes")
        }
        return digest
    }
}
