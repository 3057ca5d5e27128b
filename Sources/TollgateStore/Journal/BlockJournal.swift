internal import Synchronization
internal import TollgateEngine

/// Blocks of decisions in the order of their positions: one put for each, into the log and memory.
///
/// Any thread appends. Blocks are durable when `LogSyncer` says so, and leave the journal when
/// `Projector` has sealed them into a segment.
final class BlockJournal: Sendable {
    private static let sealedKey = Array("sealed".utf8)

    let database: Database
    let state: Mutex<JournalState>
    /// Raised when there is something to fsync.
    let syncSignal = Signal()
    /// Raised when there is something to seal.
    let sealSignal = Signal()

    private let waitsForSync: Bool
    private let segmentSize: Int

    /// Finds the journal of a database and looks at every block that is not sealed.
    ///
    /// - Throws: `.corrupt` when one of them is damaged.
    init(_ database: Database, _ options: StoreOptions) throws(StorageError) {
        self.database = database
        waitsForSync = options.durability == .power
        segmentSize = max(1, options.segmentSize)
        let snapshot = try database.snapshot()
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        var last = sealed
        var decisions = 0
        var bytes = 0
        try BlockJournal.forEachBlock(after: sealed, upTo: .max, in: snapshot) {
            (position, block) throws(StorageError) in
            last = position
            decisions += Int(try JournalBlockReader(block).left)
            bytes += block.count
            return true
        }
        var state = JournalState(last: last, sealed: sealed)
        if bytes > 0 {
            state.addUnsealed(decisions: decisions, bytes: bytes, now: Clock.nanoseconds)
        }
        self.state = Mutex(state)
    }

    func append(_ block: Span<UInt8>) throws(StorageError) -> JournalPosition {
        let decisions = Int(try JournalBlockReader(block).left)
        let position = try state.withLock { state throws(StorageError) in try state.begin() }
        let key = BlockJournal.key(position)
        do {
            try database.put(key.span, block, in: .journal, .logged)
        } catch {
            state.withLock { $0.fail(position) }
            // Those behind it may be waiting for this position to be settled.
            syncSignal.raise()
            throw error
        }
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
        if unsealed >= segmentSize && unsealed - decisions < segmentSize { sealSignal.raise() }
        return JournalPosition(rawValue: position)
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
        sealSignal.raise()
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

    /// Adds to a batch that a position is the last one in segments, and drops the blocks up to it.
    static func seal(upTo position: UInt64, after sealed: UInt64, in batch: inout WriteBatch) {
        var value = ByteWriter()
        value.append(position)
        batch.put(sealedKey.span, value.bytes.span, in: .main)
        let start = key(sealed &+ 1)
        let end = key(position &+ 1)
        batch.delete(from: start.span, upTo: end.span, in: .journal)
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
