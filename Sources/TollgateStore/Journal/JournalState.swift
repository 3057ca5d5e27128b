internal import TollgateEngine

/// What is known of the journal's positions: which are being written, durable, sealed.
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
    private var waiters: [Waiter] = []
    private(set) var statistics = JournalStatistics()

    /// Why nothing becomes durable any more.
    ///
    /// After a failed fsync the kernel may have dropped what
    /// it could not write, and a later one that succeeds would say nothing about it.
    private(set) var failure: StorageError?

    /// Whether the store is being closed.
    private(set) var isStopping = false

    /// Whether the syncing thread sleeps and has to be woken for work.
    var isSyncerIdle = false

    /// When the oldest unsealed decision was appended, in nanoseconds; nil when all are sealed.
    private(set) var oldestUnsealed: Int64?

    /// The last position that is durable and known to have been written: less than
    /// `durablePosition` when the last ones failed.
    ///
    /// A database that ends before it has lost something.
    private(set) var provenPosition: UInt64

    /// The last position that was written.
    private var lastWritten: UInt64
    /// A run of positions that begins and ends with some of which it is not known whether they
    /// were written.
    private var failed: ClosedRange<UInt64>?

    /// A journal whose positions up to `sealed` are in segments, and up to `last` exist.
    init(last: UInt64, sealed: UInt64) {
        statistics.position = last
        statistics.durablePosition = last
        statistics.sealedPosition = sealed
        provenPosition = last
        lastWritten = last
        inFlight.reserveCapacity(64)
    }

    // MARK: Appending

    /// The last position that is settled, as all before it are: readers do not go further.
    var frontier: UInt64 {
        inFlight.min().map { $0 - 1 } ?? statistics.position
    }

    /// Takes the next position.
    mutating func begin() throws(StorageError) -> UInt64 {
        guard !isStopping else { throw StorageError(.closed, "the journal is closed") }
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
        lastWritten = max(lastWritten, position)
        statistics.appendedBlocks &+= 1
        statistics.appendedBytes &+= UInt64(bytes)
        statistics.appendedDecisions &+= UInt64(decisions)
        addUnsealed(decisions: decisions, bytes: bytes, now: now)
    }

    /// Notes that it is not known whether a position was written.
    mutating func fail(_ position: UInt64) {
        land(position)
        if let earlier = failed, earlier.upperBound > provenPosition {
            failed = min(earlier.lowerBound, position)...max(earlier.upperBound, position)
        } else {
            failed = position...position
        }
        statistics.failedAppends &+= 1
    }

    private mutating func land(_ position: UInt64) {
        guard let place = inFlight.firstIndex(of: position) else { return }
        inFlight.swapAt(place, inFlight.count - 1)
        inFlight.removeLast()
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
    /// - Returns: who waited for that, in the order of positions.
    mutating func synced(upTo position: UInt64, nanoseconds: UInt64) -> [Waiter] {
        statistics.durablePosition = max(statistics.durablePosition, position)
        let written = min(position, lastWritten)
        // Of a position among failed ones it cannot be told; an old mark only notices less.
        if written > provenPosition, failed.map({ !$0.contains(written) }) ?? true {
            provenPosition = written
        }
        statistics.syncs &+= 1
        statistics.lastSyncNanoseconds = nanoseconds
        statistics.longestSyncNanoseconds = max(statistics.longestSyncNanoseconds, nanoseconds)
        guard !waiters.isEmpty else { return [] }
        let ready = waiters.filter { $0.position <= position }
        waiters.removeAll { $0.position <= position }
        return ready.sorted { $0.position < $1.position }
    }

    /// Notes that nothing becomes durable any more.
    ///
    /// - Returns: everybody who waits.
    mutating func endDurability(_ error: StorageError) -> [Waiter] {
        if error.code != .closed { statistics.failedSyncs &+= 1 }
        failure = failure ?? error
        defer { waiters = [] }
        return waiters.sorted { $0.position < $1.position }
    }

    // MARK: Sealing

    /// Notes decisions that are in the journal only.
    mutating func addUnsealed(decisions: Int, bytes: Int, now: () -> Int64) {
        statistics.unsealedDecisions += decisions
        statistics.unsealedBytes += bytes
        if oldestUnsealed == nil { oldestUnsealed = now() }
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
