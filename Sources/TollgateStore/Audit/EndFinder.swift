internal import TollgateCore
internal import TollgateEngine

/// Finds out how requests ended, wherever that is recorded.
///
/// An end comes behind its decision, mostly soon: in the same segment, a later one, or the journal's
/// tail. Segments say which reservations end in them, and have them in order, so that most are
/// passed over and few chunks are read of the others.
struct EndFinder {
    let snapshot: Snapshot
    /// The last position that readers may go to.
    let frontier: UInt64

    /// How long an expired hold can be settled late, in milliseconds, with an hour for clocks.
    private static let longestWait: Int64 = 25 * 3_600_000

    /// Completes rows with how their requests ended.
    ///
    /// - Throws: `.corrupt` when something that should be there is damaged or missing.
    func join(_ entries: inout [AuditEntry]) throws(StorageError) {
        var open = entries.indices.filter { entries[$0].outcome == .open }
        guard let oldest = open.map({ entries[$0].place.position.rawValue }).min() else { return }
        open.sort { entries[$0].reservation.rawValue < entries[$1].reservation.rawValue }
        try joinSegments(from: oldest, &open, &entries)
        if !open.isEmpty { try joinTail(from: oldest, open, &entries) }
    }

    private func joinSegments(
        from oldest: UInt64,
        _ open: inout [Int],
        _ entries: inout [AuditEntry]
    ) throws(StorageError) {
        var iterator = snapshot.iterator(over: .headers)
        // Segments are named by their last position, so this is the one with the oldest row.
        var isThere = try iterator.seek(to: oldest.key.span)
        while isThere, let first = open.first, let last = open.last {
            let outline = try SegmentOutline(of: iterator.value)
            var range = SerialRange()
            range.add(entries[first].reservation)
            range.add(entries[last].reservation)
            if outline.endCount > 0, outline.ends.overlaps(range) {
                let header = try SegmentHeader(iterator.value)
                var index = SegmentIndex(endsOf: header, snapshot)
                for place in open where outline.ends.contains(entries[place].reservation) {
                    let end = try index.end(of: entries[place].reservation)
                    guard let end else { continue }
                    entries[place].ending = end.ending
                    entries[place].billed = try billed(at: end, of: header.last)
                }
            }
            open.removeAll { isDecided(entries[$0], at: outline.earliest) }
            isThere = try iterator.next()
        }
    }

    /// What the record of an end says was billed.
    private func billed(
        at end: SegmentEnd,
        of last: UInt64
    ) throws(StorageError) -> BilledService? {
        guard end.isBilledOtherwise else { return nil }
        let texts = try SegmentChunk.texts(end.chunk, of: last, in: snapshot)
        let record = try SegmentChunk.record(in: texts.bytes, at: end.offset, of: last)
        return try SettlementRecord.billed(of: record)
    }

    /// Whether nothing can come any more that ends a request otherwise.
    private func isDecided(_ entry: AuditEntry, at time: WallTime) -> Bool {
        guard let ending = entry.ending else { return false }
        let wait = time.milliseconds.addingSaturated(-entry.time.milliseconds)
        return ending.isFinal || wait > EndFinder.longestWait
    }

    private func joinTail(
        from oldest: UInt64,
        _ open: [Int],
        _ entries: inout [AuditEntry]
    ) throws(StorageError) {
        var places: [ReservationID: Int] = [:]
        var range = SerialRange()
        for place in open {
            places[entries[place].reservation] = place
            range.add(entries[place].reservation)
        }
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        let start = max(sealed, oldest &- 1)
        // Taken out meanwhile, for the closure may not hold on to the parameter.
        var found: [(Int, RequestEnding, BilledService?)] = []
        try BlockJournal.forEachBlock(after: start, upTo: frontier, in: snapshot) {
            (_, block) throws(StorageError) in
            var reader = try JournalBlockReader(block)
            while let record = try reader.next() {
                guard record[2] == SettlementRecord.type else { continue }
                let reservation = try SettlementRecord.reservation(of: record)
                guard range.contains(reservation), let place = places[reservation] else {
                    continue
                }
                let end = try SettlementRecord.ending(of: record, time: reader.time)
                found.append((place, end.ending, try SettlementRecord.billed(of: record)))
            }
            return true
        }
        for (place, ending, billed) in found {
            entries[place].ending = ending
            entries[place].billed = billed
        }
    }
}
