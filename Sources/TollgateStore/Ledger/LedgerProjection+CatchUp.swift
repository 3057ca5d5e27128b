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
        try foldMuch(upTo: last, in: snapshot)
        try writeSnapshot()
    }

    /// Does the same, but leaves the last snapshot to be written later.
    ///
    /// What became of holds is in the log of holds already.
    ///
    /// - Parameters:
    ///   - last: the position.
    ///   - snapshot: where to read the blocks.
    /// - Returns: what it would be, with the counters that have changed; nil when there is nothing
    ///   new.
    /// - Throws: what keeps the ledger from including them.
    mutating func prepare(
        to last: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) -> (head: LedgerHead, table: CounterTable)? {
        try foldMuch(upTo: last, in: snapshot)
        guard hasNews else { return nil }
        return (try writeHolds(), table)
    }

    private mutating func foldMuch(
        upTo last: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) {
        // Few rounds, for each of them goes through all rows once. What that takes for a moment,
        // the keys in use will take soon.
        patience = 8
        defer { patience = 1 }
        while position < last {
            if isFull { try writeSnapshot() }
            let end = try loadCounters(behind: position, upTo: last, in: snapshot)
            while try fold(upTo: end, in: snapshot) == .snapshotDue, position < end {
                try writeSnapshot()
            }
            position = end
        }
    }

    /// Loads the counters that the next blocks change.
    ///
    /// - Returns: the last of these blocks.
    private mutating func loadCounters(
        behind position: UInt64,
        upTo last: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) -> UInt64 {
        var unknown: [(subject: SubjectID, number: Int)] = []
        var recordCount = 0
        var end = last
        try BlockJournal.forEachBlock(after: position, upTo: last, in: snapshot) {
            (position, block) throws(StorageError) in
            recordCount += try RecordSubjects.forEach(in: block) { subject in
                if let place = table.add(subject) { unknown.append((subject, place)) }
            }
            guard isFull(recordCount, unknown.count) else { return true }
            end = position
            return false
        }
        unknown.sort { $0.subject < $1.subject }
        // As they are now: snapshots may have been written since the blocks' one was taken.
        let latest = try database.snapshot()
        try LedgerReader.forEach(of: unknown, in: latest) { table.fill($0, $1) }
        return end
    }
}
