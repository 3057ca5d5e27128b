internal import Synchronization
internal import TollgateEngine

/// Makes what was appended durable, on a thread of its own.
///
/// With `.process` it fsyncs every 10 ms while there is something to fsync; with `.power` at once,
/// and whatever is appended meanwhile shares the next fsync.
final class LogSyncer: Sendable {
    private let journal: BlockJournal
    private let catalogue: Catalogue
    private let watermark: Watermark
    /// How long to wait for more before an fsync, in milliseconds.
    private let interval: UInt64

    /// Makes the syncer; `run` is the body of its thread.
    init(
        _ journal: BlockJournal,
        _ catalogue: Catalogue,
        _ watermark: Watermark,
        _ options: StoreOptions
    ) {
        self.journal = journal
        self.catalogue = catalogue
        self.watermark = watermark
        interval = options.durability == .process ? options.syncInterval : 0
    }

    /// Works until the journal is stopped, and leaves when all of it is durable.
    func run() {
        var nextMark = Clock.nanoseconds()
        while true {
            let (hasWork, isQuiet) = journal.state.withLock { state in
                state.isSyncerIdle = !state.hasUnsynced
                return (state.hasUnsynced, state.isQuiet)
            }
            if hasWork {
                if interval > 0 && !isQuiet { journal.syncSignal.wait(milliseconds: interval) }
                sync()
            } else if isQuiet {
                break
            } else {
                journal.syncSignal.wait(milliseconds: 1000)
            }
            if Clock.nanoseconds() >= nextMark {
                writeMark()
                nextMark = Clock.nanoseconds() &+ 1_000_000_000
            }
        }
        writeMark()
        // Only positions that were never given out can be waited for now.
        end(StorageError(.closed, "the journal is closed"))
    }

    private func sync() {
        let frontier = journal.frontier
        let start = Clock.nanoseconds()
        do {
            try journal.database.syncLog()
            let duration = UInt64(clamping: Clock.nanoseconds() &- start)
            let ready = journal.state.withLock { state in
                state.synced(upTo: frontier, nanoseconds: duration)
            }
            for waiter in ready { waiter.callback(nil) }
        } catch {
            end(error)
        }
    }

    private func end(_ error: StorageError) {
        let waiters = journal.state.withLock { $0.endDurability(error) }
        for waiter in waiters { waiter.callback(error) }
    }

    /// Best effort: an old mark notices less, but never refuses what is there.
    private func writeMark() {
        let proven = journal.state.withLock { $0.provenPosition }
        try? watermark.write(Watermark.Mark(position: proven, changes: catalogue.changes))
    }
}
