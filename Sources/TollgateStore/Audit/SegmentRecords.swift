internal import TollgateCore
internal import TollgateEngine

/// Reads many records of one segment, each chunk of texts once.
struct SegmentRecords {
    private let header: SegmentHeader
    private let snapshot: Snapshot

    init(_ header: SegmentHeader, _ snapshot: Snapshot) {
        self.header = header
        self.snapshot = snapshot
    }

    /// Reads records in the order in which they lie: key by key, the oldest of each first.
    ///
    /// Takes memory for the rows that are wanted, which are bounded as those of the segment are.
    ///
    /// - Parameters:
    ///   - isWanted: whether the record of a row is to be read.
    ///   - body: takes a record, and the time of its block.
    /// - Throws: what `body` throws, `.corrupt` when something is damaged or missing.
    func forEach(
        where isWanted: (SegmentRow) -> Bool,
        _ body: (Span<UInt8>, WallTime) throws(StorageError) -> Void
    ) throws(StorageError) {
        let rows = try rows(where: isWanted)
        var index = 0
        while index < rows.count {
            let number = rows[index].chunk
            let texts = try SegmentChunk.texts(number, of: header.last, in: snapshot)
            while index < rows.count, rows[index].chunk == number {
                let row = rows[index]
                let record = try SegmentChunk.record(
                    in: texts.bytes,
                    at: row.offset,
                    of: header.last
                )
                try body(record, row.time)
                index += 1
            }
        }
    }

    private func rows(where isWanted: (SegmentRow) -> Bool) throws(StorageError) -> [SegmentRow] {
        let count = header.outline.count
        var rows: [SegmentRow] = []
        for number in 0..<SegmentChunk.count(of: count) {
            let chunk = try header.entries(.rows, number, count: count, in: snapshot)
            for place in 0..<chunk.count / SegmentRow.length {
                let row = SegmentRow(place, of: chunk.bytes)
                if isWanted(row) { rows.append(row) }
            }
        }
        rows.sort { ($0.chunk, $0.offset) < ($1.chunk, $1.offset) }
        return rows
    }

    /// The numbers that keys have in the rows of this segment.
    func numbers(of ids: Set<KeyID>) throws(StorageError) -> Set<UInt32> {
        let count = header.outline.keyCount
        var numbers: Set<UInt32> = []
        for number in 0..<SegmentChunk.count(of: count) {
            let chunk = try header.entries(.keys, number, count: count, in: snapshot)
            for place in 0..<chunk.count / SegmentKey.length
            where ids.contains(SegmentKey(place, of: chunk.bytes).id) {
                let key = number * SegmentChunk.entryCount + place
                numbers.insert(UInt32(truncatingIfNeeded: key))
            }
        }
        return numbers
    }
}
