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
        end(StorageError(.closed, "the journal is closed"), nil)
    }

    private func sync() {
        let epoch = journal.state.withLock { $0.epoch }
        do { try journal.sync() } catch { end(error, epoch) }
    }

    /// Tells everybody who waits that it will not come to pass.
    ///
    /// - Parameters:
    ///   - error: why.
    ///   - epoch: the one that it happened in; when another has begun, it says nothing. Nil for all.
    private func end(_ error: StorageError, _ epoch: JournalEpoch?) {
        let waiters = journal.state.withLock { state in
            epoch == state.epoch || epoch == nil ? state.endDurability(error) : []
        }
        for waiter in waiters { waiter.callback(error) }
    }

    /// Best effort: an old mark notices less, but never refuses what is there.
    private func writeMark() {
        let proven = journal.state.withLock { $0.provenPosition }
        try? watermark.write(Watermark.Mark(position: proven, changes: catalogue.changes))
    }
}
