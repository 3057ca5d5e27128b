internal import TollgateCore
internal import TollgateEngine

/// Finds rows of the audit trail in one segment: by its header, then by rows, and reads the texts only of those
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

    /// Adds what is asked for, in the order of the query, until the segment or the collector's
    /// patience ends.
    func read(into collector: inout AuditCollector) throws(StorageError) {
        let plan = try plan(for: collector)
        if let plan { try readRows(plan, into: &collector) }
        if collector.isDone { return }
        collector.passed(end(for: collector.query), cost: AuditCollector.seekCost)
    }

    /// The place at which the segment ends for who reads in the order of a query.
    private func end(for query: AuditQuery) -> AuditPlace {
        let position = query.isOldestFirst ? header.last : header.outline.previous &+ 1
        return AuditPlace(
            position: JournalPosition(rawValue: position),
            index: query.isOldestFirst ? .max : 0
        )
    }

    /// What to look at, nil when the header says that there is nothing.
    private func plan(for collector: AuditCollector) throws(StorageError) -> Plan? {
        let query = collector.query
        let hasDecisions = header.outline.reasons & collector.wantedReasons != 0
        let hasActions = query.wantsActions && header.outline.actionCount > 0
        guard
            header.outline.count > 0, hasDecisions && query.wantsDecisions || hasActions,
            query.since.map({ header.outline.latest >= $0 }) ?? true,
            query.until.map({ header.outline.earliest < $0 }) ?? true
        else { return nil }
        var plan = Plan(rows: 0..<Int(header.outline.count))
        if let model = query.model {
            plan.modelText = Array(model.utf8)
            let number = header.models.firstIndex(of: plan.modelText)
            guard number != nil || header.outline.hasOtherModels else { return nil }
            plan.model = number.map { UInt8(truncatingIfNeeded: $0) } ?? SegmentRow.otherModel
        }
        if let id = query.keyID {
            guard
                let (number, key) = try find(id),
                key.reasons & collector.wantedReasons != 0 || hasActions,
                key.first <= key.last, key.last < header.outline.count
            else { return nil }
            plan.key = number
            plan.rows = Int(key.first)..<Int(key.last) + 1
        }
        if let cursor = query.cursor {
            // The last chunk of rows that starts before the cursor has the first row to look at.
            let chunks = header.rowFences.partitionPoint { $0 >= cursor }
            let start = max(chunks - 1, 0) * SegmentChunk.entryCount
            let end = chunks * SegmentChunk.entryCount
            plan.rows = plan.rows.clamped(to: query.isOldestFirst ? start..<Int.max : 0..<end)
        }
        return plan.rows.isEmpty ? nil : plan
    }

    private func readRows(
        _ plan: Plan,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        let size = SegmentChunk.entryCount
        let last = (plan.rows.upperBound - 1) / size
        for number in collector.order(plan.rows.lowerBound / size..<last + 1) {
            let chunk = try header.entries(.rows, number, count: header.outline.count, in: snapshot)
            let rows = plan.rows.clamped(to: number * size..<(number + 1) * size)
            for index in collector.order(rows) {
                let row = SegmentRow(index - number * size, of: chunk.bytes)
                try read(row, plan, into: &collector)
                if collector.isDone { return }
            }
        }
    }

    private func read(
        _ row: SegmentRow,
        _ plan: Plan,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        let query = collector.query
        guard !row.isSettlement, collector.reaches(row.place) else { return }
        var isWanted = collector.wants(row) && query.wantsTime(row.time)
        if let key = plan.key { isWanted = isWanted && row.key == key }
        if let model = plan.model { isWanted = isWanted && row.model == model }
        guard isWanted else { return collector.passed(row.place) }
        let texts = try SegmentChunk.texts(row.chunk, of: header.last, in: snapshot)
        let record = try SegmentChunk.record(in: texts.bytes, at: row.offset, of: header.last)
        if row.model == SegmentRow.otherModel && plan.model != nil {
            // Models without a number share one, so here only the text tells.
            isWanted = try AuditRecord.hasModel(record, plan.modelText)
        }
        if isWanted {
            let entry = try AuditRecord.entry(record, time: row.time, place: row.place)
            if query.wantsKey(entry.keyID) { collector.add(entry) }
        }
        collector.passed(row.place, cost: AuditCollector.seekCost)
    }

    /// Where the rows of a key are, and its number; nil when it has none.
    private func find(_ id: KeyID) throws(StorageError) -> (UInt32, SegmentKey)? {
        let number = header.keyFences.partitionPoint { $0 > id } - 1
        guard number >= 0 else { return nil }
        let chunk = try header.entries(.keys, number, count: header.outline.keyCount, in: snapshot)
        var low = 0
        var high = chunk.bytes.count / SegmentKey.length
        while low < high {
            let middle = (low + high) / 2
            let key = SegmentKey(middle, of: chunk.bytes)
            if key.id == id {
                return (UInt32(number * SegmentChunk.entryCount + middle), key)
            }
            if key.id < id { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
