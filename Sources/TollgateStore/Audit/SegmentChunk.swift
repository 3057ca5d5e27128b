internal import TollgateCore
internal import TollgateEngine

/// The parts that the content of a segment is stored in.
enum SegmentChunk {
    /// The kinds of chunks, in the order in which they are stored and hashed.
    enum Kind: UInt8, CaseIterable {
        /// The journal's records, grouped by key, the oldest of each key first.
        case texts = 0
        /// What filters need of each record, in the order of places (`SegmentRow`).
        case rows = 1
        /// Where the rows of each key are, in the order of ids (`SegmentKey`).
        case keys = 2
        /// Where allowed decisions are, in the order of reservations (`SegmentAllow`).
        case allows = 3
        /// How requests ended, in the order of reservations (`SegmentEnd`).
        case ends = 4
        /// What was used, by hour, key and model (`SegmentUsage`).
        case usage = 5
        /// The SHA-256 of each chunk before; the only one that is not in it.
        case digests = 6

        /// How long one entry is; nil where they have no fixed length.
        var entryLength: Int? {
            switch self {
            case .texts, .digests: nil
            case .rows: SegmentRow.length
            case .keys: SegmentKey.length
            case .allows: SegmentAllow.length
            case .ends: SegmentEnd.length
            case .usage: SegmentUsage.length
            }
        }
    }

    /// How many entries of fixed length are in one chunk; the last one may have fewer.
    static let entryCount = 1024

    /// How many chunks so many entries take.
    static func count(of entries: UInt32) -> Int {
        (Int(entries) + entryCount - 1) / entryCount
    }

    /// The key of one chunk of the segment that ends at a position.
    static func key(_ last: UInt64, _ kind: Kind, _ number: UInt32) -> [UInt8] {
        var writer = ByteWriter(capacity: 13)
        writer.appendBigEndian(last)
        writer.append(kind.rawValue)
        writer.appendBigEndian(number)
        return writer.bytes
    }

    /// A chunk of entries of fixed length, as long as it has to be.
    ///
    /// - Parameters:
    ///   - kind: what is in it.
    ///   - number: which one.
    ///   - last: the segment's name.
    ///   - count: how many such entries the segment has.
    ///   - snapshot: where to read.
    /// - Returns: the chunk.
    /// - Throws: `.corrupt` when it is missing or has another length.
    static func entries(
        _ kind: Kind,
        _ number: Int,
        of last: UInt64,
        count: UInt32,
        in snapshot: Snapshot
    ) throws(StorageError) -> PinnedValue {
        let key = key(last, kind, UInt32(truncatingIfNeeded: number))
        let expected = min(entryCount, Int(count) - number * entryCount)
        guard
            let value = try snapshot.value(of: key.span, in: .segments),
            value.count == expected * (kind.entryLength ?? 1)
        else { throw missing(kind, number, of: last) }
        return value
    }

    /// A chunk of texts.
    ///
    /// - Throws: `.corrupt` when it is missing.
    static func texts(
        _ number: UInt32,
        of last: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) -> PinnedValue {
        let key = key(last, .texts, number)
        guard let value = try snapshot.value(of: key.span, in: .segments) else {
            throw missing(.texts, Int(number), of: last)
        }
        return value
    }

    /// The record that starts at an offset of a chunk of texts.
    ///
    /// - Throws: `.corrupt` when it does not fit in there.
    @_lifetime(copy texts)
    static func record(
        in texts: Span<UInt8>,
        at offset: UInt16,
        of last: UInt64
    ) throws(StorageError) -> Span<UInt8> {
        let start = Int(offset)
        guard
            texts.count - start >= 2,
            case let length = Int(texts.littleEndian(at: start) as UInt16),
            length <= texts.count - start
        else { throw missing(.texts, start, of: last) }
        return texts.extracting(start..<start + length)
    }

    static func missing(_ kind: Kind, _ number: Int, of last: UInt64) -> StorageError {
        StorageError(.corrupt, "segment \(last): \(kind) \(number) missing or too short")
    }
}

extension SegmentHeader {
    /// A chunk of this segment's entries of one kind; see `SegmentChunk.entries`.
    func entries(
        _ kind: SegmentChunk.Kind,
        _ number: Int,
        count: UInt32,
        in snapshot: Snapshot
    ) throws(StorageError) -> PinnedValue {
        try SegmentChunk.entries(kind, number, of: last, count: count, in: snapshot)
    }
}
