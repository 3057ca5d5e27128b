internal import Synchronization
internal import TollgateCore
internal import TollgateEngine

/// Keeps the journal's projections: the ledger and the audit log, on a thread of its own.
///
/// A block leaves the journal when it is both in a snapshot of the ledger and in a segment; each of
/// the two knows its own position, and whichever is behind keeps the blocks.
final class Projector: Sendable {
    private struct Work {
        var ledger: LedgerProjection
        var sealer: Sealer
        /// The last position whose block was dropped since the start.
        var dropped: UInt64 = 0
    }

    private let journal: BlockJournal
    let database: Database
    private let options: StoreOptions
    private let work: Mutex<Work>
    private let position: Atomic<UInt64>
    private let time: Mutex<Now?>
    /// Blocks behind this position are kept for who reads them for notices; `.max` for nobody.
    private let noticed = Atomic(UInt64.max)
    /// What the start has found, until the database has it.
    let beginning: Mutex<LedgerBeginning?>

    /// How many blocks are kept at most for who reads them for notices.
    private static let noticeLimit: UInt64 = 100_000

    /// How long it sleeps at most, in milliseconds; also after something has failed.
    private static let interval: UInt64 = 1000

    /// Makes the projector; `run` is the body of its thread.
    init(_ journal: BlockJournal, _ options: StoreOptions) throws(StorageError) {
        self.journal = journal
        database = journal.database
        self.options = options
        let ledger = try LedgerProjection(journal.database, options)
        position = Atomic(ledger.head.position)
        time = Mutex(ledger.head.time)
        beginning = Mutex(nil)
        work = Mutex(Work(ledger: ledger, sealer: Sealer(journal, options)))
    }

    /// Folds a journal that takes no blocks yet, and leaves the snapshot of that to `run`.
    ///
    /// - Parameter last: the journal's end.
    /// - Throws: `.corrupt` when a block makes no sense, or what keeps the ledger from being written.
    func begin(at last: UInt64) throws(StorageError) {
        try work.withLock { work throws(StorageError) in
            var prepared: (head: LedgerHead, table: CounterTable)?
            try project(&work) { ledger, snapshot throws(StorageError) in
                prepared = try ledger.prepare(to: last, in: snapshot)
            }
            guard let prepared else { return }
            beginning.withLock { $0 = LedgerBeginning(prepared.head, prepared.table) }
            time.withLock { $0 = prepared.head.time }
            position.store(prepared.head.position, ordering: .releasing)
        }
    }

    /// Keeps blocks until they were read for notices.
    ///
    /// - Parameter position: the last one that was.
    func keepBlocks(after position: UInt64) {
        noticed.store(position, ordering: .releasing)
    }

    /// The last position that the ledger includes.
    var ledgerPosition: UInt64 { position.load(ordering: .acquiring) }

    /// The latest time of the blocks up to there.
    var ledgerTime: Now? { time.withLock { $0 } }

    /// Works until the journal is stopped.
    ///
    /// What cannot be done now stays in the journal and is tried again a second later.
    func run() {
        while !(journal.state.withLock { $0.isStopping }) {
            // One after the other, so that neither waits for the other to have nothing left to do.
            let hasMoreToFold = step(fold)
            if hasMoreToFold == nil { journal.state.withLock { $0.snapshotFailed() } }
            let hasMoreToSeal = step(seal)
            if hasMoreToSeal == nil { journal.state.withLock { $0.sealFailed() } }
            if hasMoreToFold == true || hasMoreToSeal == true { continue }
            journal.projectSignal.wait(milliseconds: Projector.interval)
        }
    }

    /// Does one step of a projection; false when there is nothing more to do now, nil when it has
    /// failed.
    private func step(_ body: (inout Work) throws(StorageError) -> Bool) -> Bool? {
        do {
            return try work.withLock { work throws(StorageError) in try body(&work) }
        } catch {
            return nil
        }
    }

    // MARK: Now

    /// Seals everything that is in the journal now.
    func sealAll() throws(StorageError) {
        try work.withLock { work throws(StorageError) in
            while try work.sealer.sealOne() { try dropBlocks(&work) }
        }
    }

    /// Brings the ledger to the end of what is durable now, and writes a snapshot of it.
    func snapshotAll() throws(StorageError) {
        try work.withLock { work throws(StorageError) in
            let last = journal.state.withLock { $0.projectable }
            try project(&work) { ledger, snapshot throws(StorageError) in
                try ledger.catchUp(to: last, in: snapshot)
            }
        }
    }

    /// Does something while nothing is projected.
    func whilePaused(
        _ body: (Database) throws(StorageError) -> Void
    ) throws(StorageError) {
        try work.withLock { _ throws(StorageError) in try body(database) }
    }

    /// Opens the database again.
    ///
    /// What was written beside the log may be gone then, so the projections begin again from what
    /// counts.
    func reopenDatabase() throws(StorageError) {
        try work.withLock { work throws(StorageError) in
            forget(&work)
            work.sealer.forget()
            try database.reopen()
        }
    }

    /// Brings the ledger to the end of a journal that takes no blocks now.
    ///
    /// - Parameter last: the end.
    /// - Returns: the last position that the ledger includes.
    /// - Throws: `.corrupt` when a block makes no sense, or what keeps the ledger from being written.
    func catchUp(to last: UInt64) throws(StorageError) -> UInt64 {
        try work.withLock { work throws(StorageError) in
            try project(&work) { ledger, snapshot throws(StorageError) in
                try ledger.catchUp(to: last, in: snapshot)
            }
            return work.ledger.head.position
        }
    }

    // MARK: Steps

    private func fold(_ work: inout Work) throws(StorageError) -> Bool {
        let (last, isOver) = journal.state.withLock { ($0.projectable, $0.isEpochOver) }
        if isOver { return false }
        var stop = LedgerProjection.Stop.end
        try project(&work) { ledger, snapshot throws(StorageError) in
            // What the start has left to be written comes first: it is still shared with readers.
            let isBeginning = beginning.withLock { $0 != nil }
            if isBeginning, ledger.hasNews { return try ledger.writeSnapshot() }
            stop = try ledger.fold(upTo: last, in: snapshot)
            if stop == .snapshotDue || ledger.isOld { try ledger.writeSnapshot() }
        }
        return stop == .snapshotDue
    }

    private func seal(_ work: inout Work) throws(StorageError) -> Bool {
        guard work.sealer.isDue, try work.sealer.sealOne() else { return false }
        try dropBlocks(&work)
        return true
    }

    /// Does something to the ledger, and drops what it includes then.
    private func project(
        _ work: inout Work,
        _ body: (inout LedgerProjection, Snapshot) throws(StorageError) -> Void
    ) throws(StorageError) {
        try work.ledger.remember()
        let before = work.ledger.head.position
        do {
            try body(&work.ledger, try database.snapshot())
        } catch {
            forget(&work)
            throw error
        }
        let head = work.ledger.head
        guard head.position != before || ledgerPosition != before else { return }
        // Until the database has it, what was known at the start is the ledger.
        guard endBeginning(at: head.position) else { return }
        time.withLock { $0 = head.time }
        position.store(head.position, ordering: .releasing)
        let now = Clock.nanoseconds()
        journal.state.withLock { $0.snapshotWritten(upTo: head.position, now: now) }
        try dropBlocks(&work)
        options.whenSnapshotting?(.blocksDropped)
    }

    private func forget(_ work: inout Work) {
        beginning.withLock { $0?.isLogThere = false }
        work.ledger.forget()
    }

    /// Drops the blocks that are in both projections, and were read for notices.
    private func dropBlocks(_ work: inout Work) throws(StorageError) {
        let sealed = journal.state.withLock { $0.statistics.sealedPosition }
        var last = min(sealed, work.ledger.head.position)
        let oldest = last > Projector.noticeLimit ? last - Projector.noticeLimit : 0
        last = min(last, max(noticed.load(ordering: .acquiring), oldest))
        guard last > work.dropped else { return }
        var batch = try database.makeBatch()
        BlockJournal.drop(from: work.dropped &+ 1, upTo: last, in: &batch)
        try database.write(batch, .logged)
        work.dropped = last
    }
}
