internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

extension SegmentBuilder {
    /// The most bytes in one chunk of texts, unless a single record is longer.
    private static let textChunkLimit = 32 << 10

    /// Takes a chunk to be stored.
    typealias Store = (SegmentChunk.Kind, UInt32, Span<UInt8>) throws(StorageError) -> Void

    /// Gives out all chunks in order, and completes the header.
    ///
    /// - Parameters:
    ///   - previousHash: that of the segment before.
    ///   - find: the models of decisions in earlier segments; see `sumUp`.
    ///   - store: stores one chunk.
    /// - Throws: what `find` and `store` throw.
    mutating func finish(
        previousHash: SHA256.Digest,
        find: ([ReservationID]) throws(StorageError) -> [[UInt8]?],
        _ store: Store
    ) throws(StorageError) {
        sortKeys()
        sortReservations()
        let usage = try sumUp(find)
        completeHeader(previousHash, usage)
        var digests = ByteWriter(capacity: 1024 * 32)
        var hash = SHA256()
        hash.update(previousHash)
        try forEachChunk(usage) { kind, number, bytes throws(StorageError) in
            let digest = SHA256.digest(of: bytes)
            hash.update(digest)
            digests.append(digest.bytes.span)
            try store(kind, number, bytes)
        }
        try store(.digests, 0, digests.span)
        hash.update(header.hashedFields.span)
        header.hash = hash.finalize()
    }

    private mutating func completeHeader(_ previousHash: SHA256.Digest, _ usage: [SegmentUsage]) {
        header.previousHash = previousHash
        header.models = models.models
        header.outline.hasOtherModels = models.hasOthers
        header.outline.keyCount = UInt32(truncatingIfNeeded: keys.count)
        header.outline.allowCount = UInt32(truncatingIfNeeded: allows.count)
        header.outline.endCount = UInt32(truncatingIfNeeded: ends.count)
        header.outline.usageCount = UInt32(truncatingIfNeeded: usage.count)
        header.outline.firstHour = usage.first?.group.hour ?? .max
        header.outline.lastHour = usage.last?.group.hour ?? .min
        header.rowFences = SegmentBuilder.fences(rows.count).map { rows[$0].place }
        header.keyFences = SegmentBuilder.fences(keys.count).map { keys[$0].id }
        header.allowFences = SegmentBuilder.fences(allows.count).map {
            allows[$0].reservation.rawValue
        }
        header.endFences = SegmentBuilder.fences(ends.count).map {
            ends[$0].ending.reservation.rawValue
        }
    }

    /// The first entry of each chunk.
    private static func fences(_ count: Int) -> StrideTo<Int> {
        stride(from: 0, to: count, by: SegmentChunk.entryCount)
    }

    /// Numbers the keys anew, in the order of their ids.
    private mutating func sortKeys() {
        let order = keys.indices.sorted { keys[$0].id < keys[$1].id }
        var numbers = [UInt32](repeating: 0, count: keys.count)
        for (new, old) in order.enumerated() { numbers[old] = UInt32(truncatingIfNeeded: new) }
        keys = order.map { keys[$0] }
        for row in rows.indices where rows[row].key != SegmentRow.noKey {
            rows[row].key = numbers[Int(rows[row].key)]
        }
    }

    // MARK: Chunks

    private mutating func forEachChunk(
        _ usage: [SegmentUsage],
        _ emit: Store
    ) throws(StorageError) {
        try emitTexts { number, bytes throws(StorageError) in try emit(.texts, number, bytes) }
        try SegmentBuilder.emit(rows, .rows, emit) { $0.write(to: &$1) }
        try SegmentBuilder.emit(keys, .keys, emit) { $0.write(to: &$1) }
        try SegmentBuilder.emit(allows, .allows, emit) { $0.write(to: &$1) }
        // The rows know by now where their records are.
        let ends = zip(ends, endRows).map { SegmentEnd($0, rows[Int($1)]) }
        try SegmentBuilder.emit(ends, .ends, emit) { $0.write(to: &$1) }
        try SegmentBuilder.emit(usage, .usage, emit) { $0.write(to: &$1) }
    }

    private static func emit<Entry>(
        _ entries: [Entry],
        _ kind: SegmentChunk.Kind,
        _ emit: Store,
        _ write: (Entry, inout ByteWriter) -> Void
    ) throws(StorageError) {
        let length = kind.entryLength ?? 0
        var chunk = ByteWriter(capacity: SegmentChunk.entryCount * length)
        for (number, start) in fences(entries.count).enumerated() {
            chunk.removeAll()
            let end = min(start + SegmentChunk.entryCount, entries.count)
            for index in start..<end { write(entries[index], &chunk) }
            try emit(kind, UInt32(truncatingIfNeeded: number), chunk.span)
        }
    }

    private mutating func emitTexts(
        _ emit: (UInt32, Span<UInt8>) throws(StorageError) -> Void
    ) throws(StorageError) {
        var number: UInt32 = 0
        var chunk = ByteWriter(capacity: SegmentBuilder.textChunkLimit)
        for row in rowsByKey().lazy.map(Int.init) {
            let length = starts[row + 1] - starts[row]
            if !chunk.isEmpty && chunk.count + length > SegmentBuilder.textChunkLimit {
                try emit(number, chunk.span)
                chunk.removeAll()
                number += 1
            }
            rows[row].chunk = number
            rows[row].offset = UInt16(truncatingIfNeeded: chunk.count)
            chunk.append(records.span.extracting(starts[row]..<starts[row + 1]))
        }
        if !chunk.isEmpty { try emit(number, chunk.span) }
    }

    /// The rows in the order of keys, those of one key in the order of places, those without a key
    /// at the end.
    private func rowsByKey() -> [UInt32] {
        var next = [Int](repeating: 0, count: keys.count + 1)
        for key in keys.indices { next[key + 1] = next[key] + Int(keys[key].count) }
        var order = [UInt32](repeating: 0, count: rows.count)
        for row in rows.indices {
            let key = rows[row].key == SegmentRow.noKey ? keys.count : Int(rows[row].key)
            order[next[key]] = UInt32(truncatingIfNeeded: row)
            next[key] += 1
        }
        return order
    }
}
