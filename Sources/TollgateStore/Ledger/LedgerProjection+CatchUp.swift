internal import TollgateCore
internal import TollgateEngine

extension LedgerProjection {
    /// Folds all blocks up to a position and writes snapshots of them.
    ///
    /// Brings in the counters of many subjects at once: one after another would take minutes where
    /// this takes seconds.
    ///
    /// - Parameters:
    ///   - last: the position.
    ///   - snapshot: where to read the blocks.
    /// - Throws: what keeps the ledger from including them.
    mutating func catchUp(to last: UInt64, in snapshot: Snapshot) throws(StorageError) {
        // Few rounds, for each of them goes through all rows once. What that takes for a moment,
        // the keys in use will take soon.
        patience = 4
        defer { patience = 1 }
        while position < last {
            let end = try loadCounters(behind: position, upTo: last, in: snapshot)
            // Something may have been folded before, so that a snapshot is due before the end.
            while try fold(upTo: end, in: snapshot) == .snapshotDue { try writeSnapshot() }
            position = end
            try writeSnapshot()
        }
        try writeSnapshot()
    }

    /// Loads the counters that the next blocks change.
    ///
    /// - Returns: the last of these blocks.
    private mutating func loadCounters(
        behind position: UInt64,
        upTo last: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) -> UInt64 {
        var subjects: Set<SubjectID> = []
        var holds = HoldFold()
        var recordCount = 0
        var end = last
        try BlockJournal.forEachBlock(after: position, upTo: last, in: snapshot) {
            (position, block) throws(StorageError) in
            recordCount += try holds.add(block) { subject, _ in subjects.insert(subject) }
            holds.removeAll()
            guard isFull(recordCount, subjects.count) else { return true }
            end = position
            return false
        }
        let unknown = subjects.filter { !table.contains($0) }.sorted()
        table.reserve(unknown.count)
        // As they are now: snapshots may have been written since the blocks' one was taken.
        let latest = try database.snapshot()
        try LedgerReader.forEach(of: unknown, in: latest) { table.insert($0, $1) }
        return end
    }
}
