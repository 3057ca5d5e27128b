internal import TollgateCore
internal import TollgateEngine

/// Finds decisions in one segment: by its header, then by rows, and reads the texts only of those
/// that are asked for.
struct SegmentReader {
    private let header: SegmentHeader
    private let snapshot: Snapshot

    /// What the rows of one query have in common.
    private struct Plan {
        /// The rows to look at.
        var rows: Range<Int>
        /// The key that is asked for, by its number.
        var key: UInt32?
        /// The model that is asked for, by its number.
        var model: UInt8?
        /// The same model's text.
        var modelText: [UInt8] = []
    }

    init(_ header: SegmentHeader, _ snapshot: Snapshot) {
        self.header = header
        self.snapshot = snapshot
    }

    /// Adds what is asked for, the newest first, until the segment or the collector's patience ends.
    func read(into collector: inout AuditCollector) throws(StorageError) {
        let first = AuditPlace(
            position: JournalPosition(rawValue: header.previous &+ 1),
            index: 0
        )
        let plan = try plan(for: collector)
        if let plan { try readRows(plan, into: &collector) }
        if !collector.isDone { collector.passed(first, cost: AuditCollector.seekCost) }
    }

    /// What to look at, nil when the header says that there is nothing.
    private func plan(for collector: AuditCollector) throws(StorageError) -> Plan? {
        let query = collector.query
        guard
            header.count > 0, header.reasons & collector.wantedReasons != 0,
            query.since.map({ header.latest >= $0 }) ?? true,
            query.until.map({ header.earliest < $0 }) ?? true
        else { return nil }
        var plan = Plan(rows: 0..<Int(header.count))
        if let model = query.model {
            plan.modelText = Array(model.utf8)
            let number = header.models.firstIndex(of: plan.modelText)
            guard number != nil || header.hasOtherModels else { return nil }
            plan.model = number.map { UInt8(truncatingIfNeeded: $0) } ?? SegmentRow.otherModel
        }
        if let id = query.keyID {
            guard
                let (number, key) = try find(id),
                key.reasons & collector.wantedReasons != 0,
                key.first <= key.last, key.last < header.count
            else { return nil }
            plan.key = number
            plan.rows = Int(key.first)..<Int(key.last) + 1
        }
        if let before = query.before {
            // The last chunk of rows that starts before the cursor has the first row to look at.
            let chunks = header.rowFences.partitionPoint { $0 >= before }
            plan.rows = plan.rows.clamped(to: 0..<chunks * SegmentHeader.chunkCount)
        }
        return plan.rows.isEmpty ? nil : plan
    }

    private func readRows(
        _ plan: Plan,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        var end = plan.rows.upperBound
        while end > plan.rows.lowerBound {
            let number = (end - 1) / SegmentHeader.chunkCount
            let start = max(plan.rows.lowerBound, number * SegmentHeader.chunkCount)
            let chunk = try chunk(.rows, number, count: header.count, length: SegmentRow.length)
            for index in (start..<end).reversed() {
                let row = SegmentRow(index - number * SegmentHeader.chunkCount, of: chunk.bytes)
                try read(row, plan, into: &collector)
                if collector.isDone { return }
            }
            end = start
        }
    }

    private func read(
        _ row: SegmentRow,
        _ plan: Plan,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        guard row.isDecision, collector.isBehindCursor(row.place) else { return }
        var isWanted = collector.wantsReason(row.reason) && collector.wantsTime(row.time)
        if let key = plan.key { isWanted = isWanted && row.key == key }
        if let model = plan.model { isWanted = isWanted && row.model == model }
        guard isWanted else { return collector.passed(row.place) }
        let key = SegmentHeader.key(header.last, .texts, row.chunk)
        guard let texts = try snapshot.value(of: key.span, in: .segments) else {
            throw missing(.texts, Int(row.chunk))
        }
        let record = try record(in: texts.bytes, at: Int(row.offset))
        if row.model == SegmentRow.otherModel && plan.model != nil {
            // Models without a number share one, so here only the text tells.
            let model = try DecisionRecord.model(of: record)
            isWanted = Text.equal(model, plan.modelText.span)
        }
        if isWanted {
            let entry = try DecisionRecord.read(record, time: row.time, place: row.place)
            collector.add(entry)
        }
        collector.passed(row.place, cost: AuditCollector.seekCost)
    }

    /// The record that starts at an offset of a chunk of texts.
    @_lifetime(copy texts)
    private func record(
        in texts: Span<UInt8>,
        at offset: Int
    ) throws(StorageError) -> Span<UInt8> {
        guard texts.count - offset >= 2 else { throw missing(.texts, offset) }
        let length = Int(texts.littleEndian(at: offset) as UInt16)
        guard length <= texts.count - offset else { throw missing(.texts, offset) }
        return texts.extracting(offset..<offset + length)
    }

    /// Where the rows of a key are, and its number; nil when it has none.
    private func find(_ id: KeyID) throws(StorageError) -> (UInt32, SegmentKey)? {
        let number = header.keyFences.partitionPoint { $0 > id } - 1
        guard number >= 0 else { return nil }
        let chunk = try chunk(.keys, number, count: header.keyCount, length: SegmentKey.length)
        var low = 0
        var high = chunk.bytes.count / SegmentKey.length
        while low < high {
            let middle = (low + high) / 2
            let key = SegmentKey(middle, of: chunk.bytes)
            if key.id == id {
                return (UInt32(number * SegmentHeader.chunkCount + middle), key)
            }
            if key.id < id { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// A chunk of rows or keys, as long as it has to be.
    private func chunk(
        _ kind: SegmentHeader.Kind,
        _ number: Int,
        count: UInt32,
        length: Int
    ) throws(StorageError) -> PinnedValue {
        let key = SegmentHeader.key(header.last, kind, UInt32(truncatingIfNeeded: number))
        let expected = min(
            SegmentHeader.chunkCount,
            Int(count) - number * SegmentHeader.chunkCount
        )
        guard let value = try snapshot.value(of: key.span, in: .segments) else {
            throw missing(kind, number)
        }
        guard value.count == expected * length else { throw missing(kind, number) }
        return value
    }

    private func missing(_ kind: SegmentHeader.Kind, _ number: Int) -> StorageError {
        StorageError(.corrupt, "segment \(header.last): \(kind) \(number) missing or too short")
    }
}

extension Array {
    /// How many elements precede the first one that satisfies the predicate, in an array where all
    /// that do come after all that do not.
    fileprivate func partitionPoint(where isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
