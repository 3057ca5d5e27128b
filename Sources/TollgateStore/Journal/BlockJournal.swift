internal import Glibc
internal import Synchronization
internal import TollgateCore
internal import TollgateEngine
internal import TollgateMetrics

/// Blocks of decisions in the order of their positions: one put for each, into the log and memory.
///
/// Any thread appends. Blocks are durable when `LogSyncer` says so, and leave the journal when
/// `Projector` has both folded them into the ledger and sealed them into a segment.
final class BlockJournal: Sendable {
    private static let sealedKey = Array("sealed".utf8)

    let database: Database
    let state: Mutex<JournalState>
    /// Raised when there is something to fsync.
    let syncSignal = Signal()
    /// Raised when there is something to project.
    let projectSignal = Signal()

    /// How long appending took, of blocks that were appended.
    let appends = LatencyHistogram()
    /// How long it took to make what was appended durable, when that was possible.
    let syncs = LatencyHistogram()

    private let waitsForSync: Bool
    private let segmentSize: Int

    /// Finds the journal of a database.
    ///
    /// - Throws: `.corrupt` when a block that is not sealed is damaged.
    init(_ database: Database, _ options: StoreOptions) throws(StorageError) {
        self.database = database
        waitsForSync = options.durability == .power
        segmentSize = max(1, options.segmentSize)
        state = Mutex(JournalState(try BlockJournal.content(of: database)))
    }

    func append(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        let decisions = try BlockJournal.decisions(in: block)
        let position = try state.withLock { state throws(StorageError) in
            // Whatever write it was that failed: RocksDB takes none any more.
            if database.hasFailed { state.endEpoch() }
            return try state.begin(epoch)
        }
        let key = BlockJournal.key(position)
        let start = Clock.nanoseconds()
        do {
            try database.put(key.span, block, in: .journal, .logged)
        } catch {
            state.withLock { $0.fail(position) }
            // Those behind it may be waiting for this position to be settled.
            syncSignal.raise()
            throw error
        }
        appends.record(nanoseconds: Clock.nanoseconds() &- start)
        let (isSyncerIdle, unsealed) = state.withLock { state in
            state.finish(
                position,
                decisions: decisions,
                bytes: block.count,
                now: Clock.nanoseconds
            )
            defer { state.isSyncerIdle = false }
            return (state.isSyncerIdle, state.statistics.unsealedDecisions)
        }
        if isSyncerIdle { syncSignal.raise() }
        // Only the block that completes a segment wakes the projector.
        if unsealed >= segmentSize && unsealed - decisions < segmentSize { projectSignal.raise() }
        return JournalPosition(rawValue: position)
    }

    /// Makes everything that was appended durable, and tells those who wait for it.
    func sync() throws(StorageError) {
        let (frontier, epoch) = state.withLock { ($0.frontier, $0.epoch) }
        let start = Clock.nanoseconds()
        try database.syncLog()
        let duration = UInt64(clamping: Clock.nanoseconds() &- start)
        syncs.record(nanoseconds: Int64(clamping: duration))
        let ready = state.withLock { state in
            state.synced(upTo: frontier, in: epoch, nanoseconds: duration)
        }
        for waiter in ready { waiter.callback(nil) }
    }

    func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        let waiter = JournalState.Waiter(position: position.rawValue, callback: body)
        switch state.withLock({ $0.wait(waiter) }) {
        case .waits: if waitsForSync { syncSignal.raise() }
        case .isDurable: body(nil)
        case .fails(let error): body(error)
        }
    }

    /// Takes no more blocks, and wakes the threads so that they notice.
    func stop() {
        state.withLock { $0.stop() }
        syncSignal.raise()
        projectSignal.raise()
    }

    // MARK: Epochs

    /// Takes no more blocks, and waits for those that are being written.
    func endEpoch() {
        state.withLock { $0.endEpoch() }
        while state.withLock({ $0.hasInFlight }) { usleep(100) }
    }

    /// Begins the next epoch with what the journal has now.
    func beginEpoch(_ found: JournalContent) -> JournalEpoch {
        let (epoch, waiters) = state.withLock { state in
            let waiters = state.beginEpoch(found)
            return (state.epoch, waiters)
        }
        let error = StorageError(.io, "a write to the journal has failed")
        for waiter in waiters { waiter.callback(error) }
        return epoch
    }

    // MARK: Reading

    /// The last position that readers may go to; take it before the snapshot that is read.
    var frontier: UInt64 { state.withLock { $0.frontier } }

    /// The last position that a snapshot has in segments.
    static func sealedPosition(in snapshot: Snapshot) throws(StorageError) -> UInt64 {
        guard let value = try snapshot.value(of: sealedKey.span, in: .main) else { return 0 }
        var reader = ByteReader(value.bytes, "the sealed position")
        return try reader.number()
    }

    /// Adds to a batch that a position is the last one in segments.
    static func seal(upTo position: UInt64, in batch: inout WriteBatch) {
        var value = ByteWriter()
        value.append(position)
        batch.put(sealedKey.span, value.span, in: .main)
    }

    /// Adds to a batch that blocks are dropped, from one position to another.
    static func drop(from first: UInt64, upTo last: UInt64, in batch: inout WriteBatch) {
        let start = key(first)
        let end = key(last &+ 1)
        batch.delete(from: start.span, upTo: end.span, in: .journal)
    }

    /// Looks at what the journal of a database has, and at every block that is not sealed.
    ///
    /// - Throws: `.corrupt` when one of them is damaged.
    static func content(of database: Database) throws(StorageError) -> JournalContent {
        let snapshot = try database.snapshot()
        var content = JournalContent()
        content.sealed = try sealedPosition(in: snapshot)
        content.ledger = try LedgerHead(in: snapshot).position
        content.proven = content.sealed
        content.now = Clock.nanoseconds()
        try forEachBlock(after: content.sealed, upTo: .max, in: snapshot) {
            (position, block) throws(StorageError) in
            content.proven = position
            content.unsealedDecisions += try decisions(in: block)
            content.unsealedBytes += block.count
            return true
        }
        content.last = max(content.proven, content.ledger)
        return content
    }

    /// How many decisions a block has.
    private static func decisions(in block: Span<UInt8>) throws(StorageError) -> Int {
        var reader = try JournalBlockReader(block)
        var count = 0
        while let record = try reader.next() {
            let type = record[2]
            if type == DecisionRecord.type || type == RefusalRecord.type { count += 1 }
        }
        return count
    }

    /// Calls with each block behind one position and up to another, in ascending order, until the
    /// body returns false.
    static func forEachBlock(
        after sealed: UInt64,
        upTo last: UInt64,
        in snapshot: Snapshot,
        _ body: (UInt64, Span<UInt8>) throws(StorageError) -> Bool
    ) throws(StorageError) {
        let start = key(sealed &+ 1)
        var iterator = snapshot.iterator(over: .journal)
        var isThere = try iterator.seek(to: start.span)
        while isThere {
            let position = try position(iterator.key)
            guard position <= last, try body(position, iterator.value) else { return }
            isThere = try iterator.next()
        }
    }

    /// The position that a key stands for.
    static func position(_ key: Span<UInt8>) throws(StorageError) -> UInt64 {
        var reader = ByteReader(key, "the key of a block")
        return try reader.bigEndian()
    }

    /// The key of a position, without allocating.
    static func key(_ position: UInt64) -> [8 of UInt8] {
        [8 of UInt8] { UInt8(truncatingIfNeeded: position >> UInt64(56 - 8 * $0)) }
    }
}
