internal import Synchronization
internal import TollgateCore
internal import TollgateEngine

/// The ledger for its readers: what a start has found, and later what the database has.
extension Projector {
    /// The counters of a subject; nil when nothing was ever counted for it.
    func counters(of subject: SubjectID) throws(StorageError) -> Counters? {
        // First what is at hand: it goes when the database has it.
        if let known = beginning.withLock({ $0?.table.counters(of: subject) }) { return known }
        return try LedgerReader.counters(of: subject, in: database)
    }

    /// Which part of the log of holds counts, and where to read it.
    func holdLog() throws(StorageError) -> (LedgerHead, Snapshot) {
        let begun = beginning.withLock { $0?.head }
        let snapshot = try database.snapshot()
        let head = try LedgerHead(in: snapshot)
        guard let begun, head.position < begun.position else { return (head, snapshot) }
        // Its rows were there when the snapshot was taken, unless they have been given up.
        guard beginning.withLock({ $0?.isLogThere ?? true }) else {
            throw StorageError(.io, "the log of holds could not be written")
        }
        return (begun, snapshot)
    }

    /// Ends the time in which readers ask what the start has found, once the database has all of it.
    ///
    /// Before the new position is known: a subject that has changed since is then still in memory
    /// elsewhere, and nobody asks for it here.
    func endBeginning(at position: UInt64) -> Bool {
        let ended = beginning.withLock { beginning -> LedgerBeginning? in
            guard let begun = beginning, begun.head.position <= position else { return nil }
            beginning = nil
            return begun
        }
        // Freed here, and not while others wait for the lock.
        extendLifetime(ended)
        return beginning.withLock { $0 == nil }
    }
}
