internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// Compares the content of one segment with what was sealed.
struct SegmentCheck {
    private(set) var problems: [String] = []
    private let header: SegmentHeader

    init(_ header: SegmentHeader) {
        self.header = header
    }

    /// Reads the segment.
    ///
    /// - Parameters:
    ///   - content: an iterator over the content of all segments.
    ///   - snapshot: that of the iterator.
    /// - Throws: when something cannot be read at all.
    mutating func run(
        over content: inout RowIterator,
        in snapshot: Snapshot
    ) throws(StorageError) {
        let key = SegmentChunk.key(header.last, .digests, 0)
        let stored = try snapshot.value(of: key.span, in: .segments)
        var sealed: [UInt8] = []
        if let stored { sealed = stored.bytes.withUnsafeBufferPointer { Array($0) } }
        var number = 0
        var hash = SHA256()
        hash.update(header.previousHash)
        var isThere = try content.seek(to: header.last.key.span)
        while isThere {
            var reader = ByteReader(content.key, "the key of a chunk")
            guard try reader.bigEndian(UInt64.self) == header.last else { break }
            let kind = SegmentChunk.Kind(rawValue: try reader.number())
            let place: UInt32 = try reader.bigEndian()
            count(kind, place, isWhole: reader.isAtEnd)
            if kind != .digests {
                let digest = SHA256.digest(of: content.value)
                hash.update(digest)
                compare(digest, with: sealed, number, kind, place)
                number += 1
            }
            isThere = try content.next()
        }
        if number != sealed.count / 32 {
            problems.append("it has \(number) chunks, but \(sealed.count / 32) were sealed")
        }
        checkNames()
        hash.update(header.hashedFields.span)
        if hash.finalize() != header.hash, problems.isEmpty, changed.isEmpty {
            problems.append("its header, or the list of its chunks, is not what was sealed")
        }
        try name(in: snapshot)
    }

    // MARK: Names

    /// How many chunks of each kind there are.
    private var counts: [SegmentChunk.Kind: UInt32] = [:]
    /// The first chunk that is where none was sealed.
    private var stranger: (kind: SegmentChunk.Kind?, number: UInt32)?

    /// Counts a chunk, which must be the next of its kind.
    ///
    /// The hash is over what is in the chunks, in their order: it does not notice another name that
    /// leaves the order as it is, but nobody would find the chunk any more, or find another in its place.
    private mutating func count(_ kind: SegmentChunk.Kind?, _ number: UInt32, isWhole: Bool) {
        guard let kind, isWhole, counts[kind, default: 0] == number else {
            stranger = stranger ?? (kind, number)
            return
        }
        counts[kind] = number &+ 1
    }

    private mutating func checkNames() {
        if let (kind, number) = stranger {
            let what = kind.map { "\($0)" } ?? "unknown"
            problems.append("chunk \(number) of its \(what) is where none was sealed")
            return
        }
        for kind in SegmentChunk.Kind.allCases {
            let count = Int(counts[kind] ?? 0)
            guard let sealed = header.outline.chunkCount(of: kind), sealed != count else {
                continue
            }
            problems.append("it has \(count) chunks of \(kind), but \(sealed) were sealed")
        }
    }

    // MARK: Content

    /// The kinds and numbers of chunks that are not what was sealed.
    private var changed: [(kind: SegmentChunk.Kind?, number: UInt32)] = []

    private mutating func compare(
        _ digest: SHA256.Digest,
        with sealed: [UInt8],
        _ number: Int,
        _ kind: SegmentChunk.Kind?,
        _ place: UInt32
    ) {
        let start = number * 32
        guard start + 32 <= sealed.count else { return }
        if digest.bytes != Array(sealed[start..<start + 32]) { changed.append((kind, place)) }
    }

    /// Says of changed chunks what is in them.
    private mutating func name(in snapshot: Snapshot) throws(StorageError) {
        for (kind, number) in changed.prefix(8) {
            let what = kind.map { "\($0)" } ?? "unknown"
            let text = "chunk \(number) of its \(what) is not what was sealed"
            switch kind {
            case .rows where Int(number) < header.rowFences.count:
                problems.append("\(text): from record \(id(header.rowFences[Int(number)])) on")
            case .texts:
                let first = try firstRow(withTexts: number, in: snapshot)
                problems.append(first.map { "\(text): around record \(id($0.place))" } ?? text)
            default:
                problems.append(text)
            }
        }
        if changed.count > 8 { problems.append("and \(changed.count - 8) more chunks are not") }
    }

    /// The oldest row whose record is in a chunk of texts.
    private func firstRow(
        withTexts number: UInt32,
        in snapshot: Snapshot
    ) throws(StorageError) -> SegmentRow? {
        for chunk in 0..<SegmentChunk.count(of: header.outline.count) {
            let key = SegmentChunk.key(header.last, .rows, UInt32(truncatingIfNeeded: chunk))
            guard let rows = try snapshot.value(of: key.span, in: .segments) else { continue }
            for place in 0..<rows.count / SegmentRow.length {
                let row = SegmentRow(place, of: rows.bytes)
                if row.chunk == number { return row }
            }
        }
        return nil
    }

    private func id(_ place: AuditPlace) -> String {
        "log_\(place.position.rawValue)_\(place.index)"
    }
}
