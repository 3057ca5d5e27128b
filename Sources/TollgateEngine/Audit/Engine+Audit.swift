internal import TollgateCore

/// What is recorded besides decisions.
extension Engine: ActionLog {
    /// Begins new books when a write has failed and the disk does what it should again.
    package func prepare() throws(StorageError) {
        if !journal.isWritable { distrust() }
        if !isReady { try recover() }
    }

    /// Records an action in a block of its own, durably.
    package func record(_ action: ManagementAction) throws(StorageError) {
        var block = JournalBlock()
        block.reset(at: time.now())
        guard ActionRecord.write(action, to: &block) else {
            throw StorageError(.io, "an action that is too long for the journal")
        }
        try append(block)
    }

    /// Records what strangers were told in minutes that are over.
    func recordStrangers() throws(StorageError) {
        try record(.finished)
    }

    /// Records what strangers were told so far, where nothing of this minute is recorded yet: for
    /// somebody who is about to read the audit trail.
    ///
    /// However often it is called, it adds one record to each that there would be anyway.
    package func showStrangers() throws(StorageError) {
        try record(.unseen)
    }

    /// Records everything that waits to be recorded: the server stops.
    package func recordAllStrangers() throws(StorageError) {
        try record(.all)
    }

    private func record(_ scope: StrangerCounts.Scope) throws(StorageError) {
        guard isReady else { return }
        let now = time.now()
        let counts = strangers.take(scope, at: now.wall)
        if counts.isEmpty { return }
        var block = JournalBlock()
        block.reset(at: now)
        for (source, crowd) in counts {
            // The counts are bounded, far below what a block takes.
            guard RefusalRecord.write(source, crowd, to: &block) else { break }
        }
        do {
            try append(block)
        } catch {
            // Unknown whether they are there: better twice than not at all.
            strangers.putBack(counts)
            throw error
        }
    }

    private func append(_ block: borrowing JournalBlock) throws(StorageError) {
        let books = books
        do {
            _ = try journal.appendDurably(block.bytes, epoch: books.epoch)
        } catch {
            failed(books, withdrawn: [])
            throw error
        }
    }
}
