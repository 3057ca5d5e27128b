internal import TollgateCore
internal import TollgateEngine

/// Answers audit queries from the journal's tail and the segments, the newest first.
///
/// Reads one snapshot, so that a decision is either in the tail or in a segment, however busy the
/// projector is meanwhile. Looks at a bounded number of rows for each page: a page may be short, or
/// even empty, and still have a cursor to go on from.
struct AuditReader {
    private let journal: BlockJournal

    /// Reads what a journal has and had.
    init(_ journal: BlockJournal) {
        self.journal = journal
    }

    /// One page.
    ///
    /// - Throws: `.corrupt` when something that should be there is damaged or missing.
    func page(_ query: AuditQuery) throws(StorageError) -> AuditPage {
        let frontier = journal.frontier
        return try page(query, upTo: frontier, in: try journal.database.snapshot())
    }

    /// One page of what a snapshot has, whose frontier was read before it was taken.
    func page(
        _ query: AuditQuery,
        upTo frontier: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) -> AuditPage {
        var collector = AuditCollector(query)
        try readTail(upTo: frontier, in: snapshot, into: &collector)
        if !collector.isDone { try readSegments(in: snapshot, into: &collector) }
        return try collector.page(EndFinder(snapshot: snapshot, frontier: frontier))
    }

    // MARK: The tail

    private func readTail(
        upTo frontier: UInt64,
        in snapshot: Snapshot,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        let cursor = collector.query.before?.position.rawValue ?? .max
        guard cursor > sealed else { return }
        let start = min(frontier, cursor).key
        var iterator = snapshot.iterator(over: .journal, from: (sealed &+ 1).key)
        var isThere = try iterator.seek(backTo: start.span)
        while isThere {
            let position = JournalPosition(
                rawValue: try BlockJournal.position(iterator.key)
            )
            try read(iterator.value, at: position, into: &collector)
            if collector.isDone { return }
            isThere = try iterator.previous()
        }
    }

    /// Reads a block twice: once to find what is wanted, then to decode the newest of that.
    private func read(
        _ block: Span<UInt8>,
        at position: JournalPosition,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        let found = try wanted(in: block, at: position, collector)
        let newest = found.suffix(collector.room)
        var entries: [AuditEntry] = []
        var reader = try JournalBlockReader(block)
        let time = reader.time
        let count = Int(reader.left)
        var index: UInt32 = 0
        while entries.count < newest.count, let record = try reader.next() {
            if index == newest[newest.startIndex + entries.count] {
                let place = AuditPlace(position: position, index: index)
                entries.append(try AuditRecord.entry(record, time: time, place: place))
            }
            index += 1
        }
        for entry in entries.reversed() { collector.add(entry) }
        let isCut = newest.count < found.count
        let oldest = isCut ? newest.first ?? 0 : 0
        collector.passed(AuditPlace(position: position, index: oldest), cost: count + 1)
    }

    /// Which of the block's records are asked for, in ascending order.
    private func wanted(
        in block: Span<UInt8>,
        at position: JournalPosition,
        _ collector: AuditCollector
    ) throws(StorageError) -> [UInt32] {
        let query = collector.query
        var reader = try JournalBlockReader(block)
        guard query.wantsTime(reader.time) else { return [] }
        let model = query.model.map { Array($0.utf8) }
        let reasons = collector.wantedReasons
        var found: [UInt32] = []
        var index: UInt32 = 0
        while let record = try reader.next() {
            if collector.isBehindCursor(AuditPlace(position: position, index: index)),
                try AuditRecord.wants(query, reasons, model, record)
            {
                found.append(index)
            }
            index += 1
        }
        return found
    }

    // MARK: The segments

    private func readSegments(
        in snapshot: Snapshot,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        var iterator = snapshot.iterator(over: .headers)
        var isThere = false
        if let cursor = collector.query.before {
            // Segments are named by their last position, so this is the one with the cursor in it.
            isThere = try iterator.seek(to: cursor.position.rawValue.key.span)
        }
        if !isThere { isThere = try iterator.seekToLast() }
        while isThere {
            let segment = SegmentReader(try SegmentHeader(iterator.value), snapshot)
            try segment.read(into: &collector)
            if collector.isDone { return }
            isThere = try iterator.previous()
        }
    }
}
