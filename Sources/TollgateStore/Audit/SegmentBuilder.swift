internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// Turns consecutive blocks of the journal into a segment.
///
/// Takes all blocks first, in memory that `byteLimit` bounds; then gives out the chunks.
struct SegmentBuilder {
    /// A segment takes no further block once its records have so many bytes.
    static let byteLimit = 32 << 20

    var header: SegmentHeader
    /// How many bytes the blocks had, for the journal's bookkeeping.
    private(set) var blockBytes = 0

    private let countLimit: Int
    private(set) var records: [UInt8] = []
    /// Where in `records` the record of each row starts; one more at the end.
    private(set) var starts = [0]
    var rows: [SegmentRow] = []
    var keys: [SegmentKey] = []
    var models = ModelNumbers()
    var allows: [SegmentAllow] = []
    var ends: [RecordedEnding] = []
    /// The row of each of them.
    var endRows: [UInt32] = []
    /// Where in `keys` each of them is, while blocks are taken.
    private var places = PlaceTable()

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
    var isEmpty: Bool { header.last == header.outline.previous }

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
        header.outline.last = position
        blockBytes += block.count
    }

    private mutating func add(
        _ record: Span<UInt8>,
        at place: AuditPlace,
        _ time: WallTime
    ) throws(StorageError) {
        var row = SegmentRow(place: place, time: time, key: SegmentRow.noKey)
        let row32 = UInt32(truncatingIfNeeded: rows.count)
        switch try AuditRecord.content(of: record) {
        case .decision(let keyID, let reason):
            row.reason = reason.rawValue
            if let keyID { row.key = number(of: keyID) }
            if reason == .allowed {
                let reservation = DecisionRecord.reservation(of: record)
                allows.append(SegmentAllow(reservation: reservation, row: row32))
                header.outline.allows.add(reservation)
            }
        case .refusals(let reason):
            row.reason = reason.rawValue
        case .action(let actor):
            row.reason = SegmentRow.action
            if let actor { row.key = number(of: actor) }
            header.outline.actionCount += 1
        case .settlement:
            let ended = try SettlementRecord.ending(of: record, time: time)
            row.reason = SegmentRow.settlement
            row.key = number(of: ended.key)
            ends.append(ended)
            endRows.append(row32)
            header.outline.ends.add(ended.ending.reservation)
        case .charge:
            return
        }
        if row.isDecision {
            header.outline.decisionCount += 1
            header.outline.reasons |= 1 << UInt64(row.reason & 63)
        }
        if row.key != SegmentRow.noKey { keys[Int(row.key)].add(row: row32, reason: row.reason) }
        append(row, record)
    }

    private mutating func append(_ row: SegmentRow, _ record: Span<UInt8>) {
        rows.append(row)
        record.withUnsafeBufferPointer { records.append(contentsOf: $0) }
        starts.append(records.count)
        header.outline.count += 1
        header.outline.earliest = min(header.outline.earliest, row.time)
        header.outline.latest = max(header.outline.latest, row.time)
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
}
