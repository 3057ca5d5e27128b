internal import TollgateCore
internal import TollgateEngine

/// Answers audit queries from the journal's tail and the segments, which are older.
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
        // Only rows have an end: how their requests ended may be recorded behind it.
        let last = min(frontier, query.last?.rawValue ?? .max)
        if query.isOldestFirst { try readSegments(in: snapshot, into: &collector) }
        if !collector.isDone { try readTail(upTo: last, in: snapshot, into: &collector) }
        if !collector.isDone, !query.isOldestFirst {
            try readSegments(in: snapshot, into: &collector)
        }
        return try collector.page(EndFinder(snapshot: snapshot, frontier: frontier))
    }

    // MARK: The tail

    private func readTail(
        upTo frontier: UInt64,
        in snapshot: Snapshot,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        let cursor = collector.query.cursor?.position.rawValue
        let isForward = collector.query.isOldestFirst
        guard isForward || cursor ?? .max > sealed else { return }
        var iterator = snapshot.iterator(over: .journal, from: (sealed &+ 1).key)
        var isThere =
            try isForward
            ? iterator.seek(to: max(sealed &+ 1, cursor ?? 0).key.span)
            : iterator.seek(backTo: min(frontier, cursor ?? .max).key.span)
        while isThere {
            let position = try BlockJournal.position(iterator.key)
            guard position <= frontier else { return }
            try read(
                iterator.value,
                at: JournalPosition(rawValue: position),
                into: &collector
            )
            if collector.isDone { return }
            isThere = try isForward ? iterator.next() : iterator.previous()
        }
    }

    /// Reads a block twice: once to find what is wanted, then to decode as much of that as fits.
    private func read(
        _ block: Span<UInt8>,
        at position: JournalPosition,
        into collector: inout AuditCollector
    ) throws(StorageError) {
        let found = try wanted(in: block, at: position, collector)
        let isForward = collector.query.isOldestFirst
        let first = isForward ? found.prefix(collector.room) : found.suffix(collector.room)
        var entries: [AuditEntry] = []
        var reader = try JournalBlockReader(block)
        let time = reader.time
        let count = Int(reader.left)
        var index: UInt32 = 0
        while entries.count < first.count, let record = try reader.next() {
            if index == first[first.startIndex + entries.count] {
                let place = AuditPlace(position: position, index: index)
                entries.append(try AuditRecord.entry(record, time: time, place: place))
            }
            index += 1
        }
        if !isForward { entries.reverse() }
        for entry in entries { collector.add(entry) }
        let end = isForward ? UInt32.max : 0
        let last = first.count < found.count ? entries.last?.place.index ?? end : end
        collector.passed(AuditPlace(position: position, index: last), cost: count + 1)
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
            if collector.reaches(AuditPlace(position: position, index: index)),
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
        let isForward = collector.query.isOldestFirst
        if let cursor = collector.query.cursor {
            // Segments are named by their last position, so this is the one with the cursor in it.
            isThere = try iterator.seek(to: cursor.position.rawValue.key.span)
            if !isThere, !isForward { isThere = try iterator.seekToLast() }
        } else {
            isThere = try isForward ? iterator.seekToFirst() : iterator.seekToLast()
        }
        while isThere {
            let header = try SegmentHeader(iterator.value)
            if isForward, collector.ends(at: header.outline.previous) { return }
            try SegmentReader(header, snapshot).read(into: &collector)
            if collector.isDone { return }
            isThere = try isForward ? iterator.next() : iterator.previous()
        }
    }
}
