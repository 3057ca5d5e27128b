internal import TollgateEngine

/// What is known of the journal's positions: which are being written, durable, sealed, folded.
///
/// Pure; its owner locks it.
struct JournalState {
    typealias Callback = @Sendable (StorageError?) -> Void

    /// Somebody who waits until a position is durable.
    struct Waiter {
        let position: UInt64
        let callback: Callback
    }

    /// Positions that were taken and are still being written; as many as there are event loops.
    private var inFlight: [UInt64] = []
    /// The epoch whose blocks are taken.
    private(set) var epoch = JournalEpoch.first
    /// Whether a write of the epoch has failed, so that it takes no more blocks.
    private(set) var isEpochOver = false
    private var waiters: [Waiter] = []
    private(set) var statistics = JournalStatistics()

    /// Why nothing becomes durable any more in this epoch.
    ///
    /// After a failed fsync the kernel may have dropped what it could not write, and a later one
    /// that succeeds would say nothing about it.
    private(set) var failure: StorageError?

    /// Whether the store is being closed.
    private(set) var isStopping = false

    /// Whether the syncing thread sleeps and has to be woken for work.
    var isSyncerIdle = false

    /// When the oldest unsealed decision was appended, in nanoseconds; nil when all are sealed.
    private(set) var oldestUnsealed: Int64?

    /// When the oldest block was appended that no snapshot of the ledger includes, in nanoseconds; nil
    /// when there is none.
    private(set) var oldestUnfolded: Int64?

    /// The last position that is durable and known to be there.
    ///
    /// A database that ends before it has lost something.
    private(set) var provenPosition: UInt64

    /// The first position of the epoch of which it is not known whether it was written.
    ///
    /// From there on nothing is called durable.
    private var firstFailed = UInt64.max

    /// A journal that was just opened: all that it has is durable.
    init(_ found: JournalContent) {
        provenPosition = found.proven
        inFlight.reserveCapacity(64)
        take(found)
    }

    private mutating func take(_ found: JournalContent) {
        provenPosition = found.proven
        firstFailed = .max
        statistics.position = found.last
        statistics.durablePosition = found.last
        statistics.sealedPosition = found.sealed
        statistics.ledgerPosition = found.ledger
        statistics.unsealedDecisions = found.unsealedDecisions
        statistics.unsealedBytes = found.unsealedBytes
        oldestUnsealed = found.unsealedBytes > 0 ? found.now : nil
        oldestUnfolded = found.last > found.ledger ? found.now : nil
    }

    // MARK: Appending

    /// The last position that is settled, as all before it are: readers do not go further.
    var frontier: UInt64 {
        inFlight.min().map { $0 - 1 } ?? statistics.position
    }

    /// Takes the next position.
    ///
    /// - Parameter epoch: the one that the block is of.
    /// - Returns: the position.
    /// - Throws: when the epoch is over or the journal closed; nothing has changed then.
    mutating func begin(_ epoch: JournalEpoch) throws(StorageError) -> UInt64 {
        guard !isStopping else { throw StorageError(.closed, "the journal is closed") }
        guard epoch == self.epoch, !isEpochOver else {
            throw StorageError(.io, "a write to the journal has failed")
        }
        statistics.position &+= 1
        inFlight.append(statistics.position)
        return statistics.position
    }

    /// Notes that a position was written.
    ///
    /// - Parameters:
    ///   - position: the position.
    ///   - decisions: how many decisions its block has.
    ///   - bytes: how long the block is.
    ///   - now: asked for the time only when everything was sealed before.
    mutating func finish(_ position: UInt64, decisions: Int, bytes: Int, now: () -> Int64) {
        land(position)
        statistics.appendedBlocks &+= 1
        statistics.appendedBytes &+= UInt64(bytes)
        statistics.appendedDecisions &+= UInt64(decisions)
        addUnsealed(decisions: decisions, bytes: bytes, now: now)
    }

    /// Notes that it is not known whether a position was written; the epoch is over.
    mutating func fail(_ position: UInt64) {
        land(position)
        endEpoch()
        firstFailed = min(firstFailed, position)
        statistics.failedAppends &+= 1
    }

    private mutating func land(_ position: UInt64) {
        guard let place = inFlight.firstIndex(of: position) else { return }
        inFlight.swapAt(place, inFlight.count - 1)
        inFlight.removeLast()
    }

    // MARK: Epochs

    /// Takes no more blocks until the next epoch begins.
    mutating func endEpoch() { isEpochOver = true }

    /// Whether blocks of an epoch that is over are still being written.
    var hasInFlight: Bool { !inFlight.isEmpty }

    /// Begins the next epoch with what the journal was found to have; nothing is being written.
    ///
    /// - Returns: everybody who waits for a position of the old one.
    mutating func beginEpoch(_ found: JournalContent) -> [Waiter] {
        precondition(inFlight.isEmpty)
        epoch = JournalEpoch(rawValue: epoch.rawValue &+ 1)
        isEpochOver = false
        failure = nil
        statistics.recoveries &+= 1
        take(found)
        defer { waiters = [] }
        return waiters.sorted { $0.position < $1.position }
    }

    // MARK: Durability

    /// Whether there is something to fsync.
    var hasUnsynced: Bool { failure == nil && frontier > statistics.durablePosition }

    /// What a waiter gets to know.
    enum Outcome {
        case waits
        case isDurable
        case fails(StorageError)
    }

    /// Adds a waiter, unless it need not wait.
    mutating func wait(_ waiter: Waiter) -> Outcome {
        if waiter.position <= statistics.durablePosition { return .isDurable }
        if let failure { return .fails(failure) }
        waiters.append(waiter)
        return .waits
    }

    /// Notes that everything up to a position is durable.
    ///
    /// - Parameters:
    ///   - position: the frontier before the fsync.
    ///   - epoch: the epoch at that time; when another has begun, the fsync says nothing.
    ///   - nanoseconds: how long it took.
    /// - Returns: who waited for that, in the order of positions.
    mutating func synced(
        upTo position: UInt64,
        in epoch: JournalEpoch,
        nanoseconds: UInt64
    ) -> [Waiter] {
        guard epoch == self.epoch else { return [] }
        let position = min(position, firstFailed &- 1)
        if position > statistics.durablePosition {
            statistics.durablePosition = position
            provenPosition = position
        }
        statistics.syncs &+= 1
        statistics.lastSyncNanoseconds = nanoseconds
        statistics.longestSyncNanoseconds = max(statistics.longestSyncNanoseconds, nanoseconds)
        guard !waiters.isEmpty else { return [] }
        let ready = waiters.filter { $0.position <= position }
        waiters.removeAll { $0.position <= position }
        return ready.sorted { $0.position < $1.position }
    }

    /// Notes that nothing becomes durable any more, which ends the epoch.
    ///
    /// - Returns: everybody who waits.
    mutating func endDurability(_ error: StorageError) -> [Waiter] {
        if error.code != .closed { statistics.failedSyncs &+= 1 }
        endEpoch()
        failure = failure ?? error
        defer { waiters = [] }
        return waiters.sorted { $0.position < $1.position }
    }

    // MARK: Projections

    /// The last position that projections may include: it is durable, so that nothing is ever
    /// counted of which a loss of power leaves no record.
    var projectable: UInt64 { min(frontier, statistics.durablePosition) }

    /// Notes that a snapshot of the ledger includes everything up to a position.
    mutating func snapshotWritten(upTo position: UInt64, now: Int64) {
        statistics.ledgerPosition = position
        oldestUnfolded = statistics.position > position ? now : nil
        statistics.snapshots &+= 1
    }

    /// Notes that the ledger could not be brought up to date; nothing has changed.
    mutating func snapshotFailed() {
        statistics.failedSnapshots &+= 1
    }

    private mutating func addUnsealed(decisions: Int, bytes: Int, now: () -> Int64) {
        statistics.unsealedDecisions += decisions
        statistics.unsealedBytes += bytes
        if oldestUnsealed == nil || oldestUnfolded == nil {
            let time = now()
            oldestUnsealed = oldestUnsealed ?? time
            oldestUnfolded = oldestUnfolded ?? time
        }
    }

    /// Notes that a segment holds everything up to a position.
    mutating func sealed(upTo position: UInt64, decisions: Int, bytes: Int, now: Int64) {
        statistics.sealedPosition = position
        statistics.sealedSegments &+= 1
        statistics.unsealedDecisions = max(0, statistics.unsealedDecisions - decisions)
        statistics.unsealedBytes = max(0, statistics.unsealedBytes - bytes)
        oldestUnsealed = statistics.unsealedBytes > 0 ? now : nil
    }

    /// Notes that sealing did not succeed; nothing has changed.
    mutating func sealFailed() {
        statistics.failedSeals &+= 1
    }

    /// Whether no position is taken any more, and none is being written.
    var isQuiet: Bool { isStopping && inFlight.isEmpty }

    /// Takes no more blocks.
    mutating func stop() {
        isStopping = true
    }
}
