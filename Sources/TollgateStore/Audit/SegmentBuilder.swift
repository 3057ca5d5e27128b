internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// Turns consecutive blocks of the journal into a segment.
///
/// Takes all blocks first, in memory that `byteLimit` bounds; then gives out the chunks.
struct SegmentBuilder {
    /// A segment takes no further block once its records have so many bytes.
    static let byteLimit = 32 << 20

    /// The most bytes in one chunk of texts, unless a single record is longer.
    private static let textChunkLimit = 32 << 10

    private(set) var header: SegmentHeader
    /// How many bytes the blocks had, for the journal's bookkeeping.
    private(set) var blockBytes = 0

    private let countLimit: Int
    private var records: [UInt8] = []
    /// Where in `records` the record of each row starts; one more at the end.
    private var starts = [0]
    private var rows: [SegmentRow] = []
    private var keys: [SegmentKey] = []
    /// Where in `keys` each of them is, while blocks are taken.
    private var places = PlaceTable()
    private var models = ModelNumbers()

    /// An empty segment behind a position.
    ///
    /// - Parameters:
    ///   - previous: the position.
    ///   - countLimit: it takes no further block once it has so many records.
    ///   - count: how many records are to be expected.
    ///   - byteCount: how many bytes these have.
    init(after previous: UInt64, countLimit: Int, expecting count: Int, _ byteCount: Int) {
        header = SegmentHeader(after: previous)
        self.countLimit = countLimit
        let count = min(count, countLimit)
        rows.reserveCapacity(count)
        starts.reserveCapacity(count + 1)
        records.reserveCapacity(min(byteCount, SegmentBuilder.byteLimit))
    }

    /// Whether it holds no block.
    var isEmpty: Bool { header.last == header.previous }

    /// Whether it takes no further block.
    var isFull: Bool {
        rows.count >= countLimit || records.count >= SegmentBuilder.byteLimit
    }

    /// Takes the next block.
    mutating func add(_ block: Span<UInt8>, at position: UInt64) throws(StorageError) {
        var reader = try JournalBlockReader(block)
        let time = reader.time
        var index: UInt32 = 0
        while let record = try reader.next() {
            let place = AuditPlace(position: JournalPosition(rawValue: position), index: index)
            try add(record, at: place, time)
            index += 1
        }
        header.last = position
        blockBytes += block.count
    }

    private mutating func add(
        _ record: Span<UInt8>,
        at place: AuditPlace,
        _ time: WallTime
    ) throws(StorageError) {
        guard let (keyID, reason) = try outline(of: record) else { return }
        let row = UInt32(truncatingIfNeeded: rows.count)
        var key = SegmentRow.noKey
        if let keyID {
            key = number(of: keyID)
            keys[Int(key)].add(row: row, reason: reason)
        }
        var model = SegmentRow.otherModel
        if reason != SegmentRow.settlement {
            model = models.number(of: try DecisionRecord.model(of: record))
            header.decisionCount += 1
            header.reasons |= 1 << UInt64(reason & 63)
        }
        rows.append(
            SegmentRow(place: place, time: time, key: key, reason: reason, model: model)
        )
        record.withUnsafeBufferPointer { records.append(contentsOf: $0) }
        starts.append(records.count)
        header.count += 1
        header.earliest = min(header.earliest, time)
        header.latest = max(header.latest, time)
    }

    /// Whose record it is, and its reason; nil for a charge, which only the ledger needs.
    ///
    /// - Throws: `.corrupt` when the record is none that the journal has.
    private func outline(
        of record: Span<UInt8>
    ) throws(StorageError) -> (key: KeyID?, reason: UInt8)? {
        switch record[2] {
        case DecisionRecord.type:
            let outline = try DecisionRecord.outline(of: record)
            return (outline.keyID, outline.reason.rawValue)
        case SettlementRecord.type:
            return (try SettlementRecord.key(of: record), SegmentRow.settlement)
        case ChargeRecord.type:
            return nil
        default:
            throw StorageError(.corrupt, "a journal record of type \(record[2])")
        }
    }

    /// The number of a key in the order of first appearance.
    private mutating func number(of id: KeyID) -> UInt32 {
        let known = places.place(of: id.rawValue) { keys[$0].id == id }
        let place = known ?? keys.count
        if known == nil {
            places.insert(id.rawValue, at: place)
            keys.append(SegmentKey(id))
        }
        return UInt32(truncatingIfNeeded: place)
    }

    /// Gives out all chunks in order, and completes the header.
    ///
    /// - Parameters:
    ///   - previousHash: that of the segment before.
    ///   - emit: stores one chunk.
    /// - Throws: what `emit` throws.
    mutating func finish(
        previousHash: SHA256.Digest,
        _ emit: (SegmentHeader.Kind, UInt32, Span<UInt8>) throws(StorageError) -> Void
    ) throws(StorageError) {
        sortKeys()
        header.previousHash = previousHash
        header.models = models.models
        header.hasOtherModels = models.hasOthers
        header.keyCount = UInt32(truncatingIfNeeded: keys.count)
        var hash = SHA256()
        hash.update(previousHash)
        try emitTexts { number, bytes throws(StorageError) in
            hash.update(bytes)
            try emit(.texts, number, bytes)
        }
        try emitRows { number, bytes throws(StorageError) in
            hash.update(bytes)
            try emit(.rows, number, bytes)
        }
        try emitKeys { number, bytes throws(StorageError) in
            hash.update(bytes)
            try emit(.keys, number, bytes)
        }
        hash.update(header.hashedFields.span)
        header.hash = hash.finalize()
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

    private mutating func emitRows(
        _ emit: (UInt32, Span<UInt8>) throws(StorageError) -> Void
    ) throws(StorageError) {
        var chunk = ByteWriter(capacity: SegmentHeader.chunkCount * SegmentRow.length)
        for start in stride(from: 0, to: rows.count, by: SegmentHeader.chunkCount) {
            chunk.removeAll()
            for row in start..<min(start + SegmentHeader.chunkCount, rows.count) {
                rows[row].write(to: &chunk)
            }
            try emit(UInt32(header.rowFences.count), chunk.span)
            header.rowFences.append(rows[start].place)
        }
    }

    private mutating func emitKeys(
        _ emit: (UInt32, Span<UInt8>) throws(StorageError) -> Void
    ) throws(StorageError) {
        var chunk = ByteWriter(capacity: SegmentHeader.chunkCount * SegmentKey.length)
        for start in stride(from: 0, to: keys.count, by: SegmentHeader.chunkCount) {
            chunk.removeAll()
            for key in start..<min(start + SegmentHeader.chunkCount, keys.count) {
                keys[key].write(to: &chunk)
            }
            try emit(UInt32(header.keyFences.count), chunk.span)
            header.keyFences.append(keys[start].id)
        }
    }
}
