internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// A journal, the audit log that reads it and the ledger that it adds up to, in memory.
///
/// Queries decode everything and then filter it: slow and plainly right, so that the real store can
/// be compared with it. The ledger is folded when `project` is called, as the store's is in the
/// background.
package final class InMemoryJournal: Journal, AuditLog, Ledger {
    package var isWritable: Bool { true }

    private struct State {
        var blocks: [[UInt8]] = []
        var epoch = JournalEpoch.first
        /// Whether a write of the epoch has failed.
        var isBroken = false
        /// How many blocks the ledger includes.
        var folded = 0
        var counters: [SubjectID: Counters] = [:]
        var pending: [ReservationID: LedgerHold] = [:]
        var settled: [SettledReservation] = []
        var lastTime: Now?
    }

    /// How an append goes wrong.
    package enum Fault: Sendable {
        /// It throws, and the block is not there.
        case lost
        /// It throws, but the block is there: a failed write means *unknown*.
        case kept
    }

    private let state = Mutex(State())
    private let nextFault = Mutex<Fault?>(nil)

    package init() {}

    /// The blocks so far; the first one has position 1.
    package var appended: [[UInt8]] { state.withLock { $0.blocks } }

    /// What becomes of the next append.
    package func failNext(_ fault: Fault) {
        nextFault.withLock { $0 = fault }
    }

    /// Lets the next append work again.
    package func clearFault() {
        nextFault.withLock { $0 = nil }
    }

    package func append(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        _ = try JournalBlockReader(block)
        let copy = block.withUnsafeBufferPointer { Array($0) }
        let fault = nextFault.withLock { fault in
            defer { fault = nil }
            return fault
        }
        return try state.withLock { state throws(StorageError) in
            guard epoch == state.epoch, !state.isBroken else {
                throw StorageError(.io, "the epoch is over")
            }
            if let fault {
                state.isBroken = true
                if case .kept = fault { state.blocks.append(copy) }
                throw StorageError(.io, "a write failed")
            }
            state.blocks.append(copy)
            return JournalPosition(rawValue: UInt64(state.blocks.count))
        }
    }

    package func appendDurably(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        try append(block, epoch: epoch)
    }

    package func recover() throws(StorageError) -> JournalEpoch {
        try project()
        return state.withLock { state in
            state.epoch = JournalEpoch(rawValue: state.epoch.rawValue + 1)
            state.isBroken = false
            return state.epoch
        }
    }

    /// The journal of the next process: it has what was appended, and nothing else.
    ///
    /// - Parameter lost: how many of the last blocks it does not have, as after a loss of power: one
    ///   that is torn is as good as none.
    /// - Returns: the journal, its ledger at the end.
    /// - Throws: what folding throws.
    package func reopened(losing lost: Int = 0) throws(StorageError) -> InMemoryJournal {
        let next = InMemoryJournal()
        next.state.withLock { [blocks = appended] in $0.blocks = blocks.dropLast(lost) }
        try next.project()
        return next
    }

    /// Calls back at once: what is in memory gets no more durable by waiting.
    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        body(nil)
    }

    // MARK: Ledger

    /// Brings the ledger up to the end of the journal.
    package func project() throws(StorageError) {
        try state.withLock { state throws(StorageError) in
            var fold = LedgerFold()
            for block in state.blocks[state.folded...] {
                try fold.add(block.span) { state.counters[$0] }
            }
            state.counters.merge(fold.counters) { _, new in new }
            for (id, hold) in fold.begun { state.pending[id] = hold }
            for (id, counted) in fold.expired {
                state.pending[id]?.isOpen = false
                state.pending[id]?.counted = counted
            }
            for settled in fold.settled { state.pending[settled.reservation] = nil }
            for id in fold.withdrawn { state.pending[id] = nil }
            state.settled += fold.settled
            state.lastTime = fold.lastTime ?? state.lastTime
            state.folded = state.blocks.count
        }
    }

    package func counters(of subject: SubjectID) throws(StorageError) -> Counters? {
        state.withLock { $0.counters[subject] }
    }

    package func readHolds(
        pending: (LedgerHold) -> Void,
        settled: (SettledReservation) -> Void
    ) throws(StorageError) {
        let state = state.withLock { $0 }
        let holds = state.pending.values.sorted { left, right in
            (left.hold.chargedAt.monotonic, left.reservation.rawValue)
                < (right.hold.chargedAt.monotonic, right.reservation.rawValue)
        }
        holds.forEach(pending)
        state.settled.forEach(settled)
    }

    package var ledgerPosition: JournalPosition {
        JournalPosition(rawValue: UInt64(state.withLock { $0.folded }))
    }

    package var lastTime: Now? { state.withLock { $0.lastTime } }

    // MARK: Audit log

    package var lastPosition: JournalPosition {
        JournalPosition(rawValue: UInt64(state.withLock { $0.blocks.count }))
    }

    package func page(_ query: AuditQuery) throws(StorageError) -> AuditPage {
        let limit = max(1, query.limit)
        var entries = try entries().filter { entry in
            query.wants(entry) && query.reaches(entry.place)
        }
        if !query.isOldestFirst { entries.reverse() }
        let page = Array(entries.prefix(limit))
        return AuditPage(entries: page, next: page.count == limit ? page.last?.place : nil)
    }

    package func usage(_ span: UsageSpan) throws(StorageError) -> UsageSummary {
        var summary = UsageSummary()
        for entry in try entries() where span.model.map({ entry[.model] == $0 }) ?? true {
            if let key = entry.keyID, span.wants(key, at: entry.time) { summary.add(entry) }
        }
        return summary
    }

    /// All rows of the audit trail, the oldest first.
    package func entries() throws(StorageError) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        var endings: [ReservationID: (RequestEnding, BilledService?)] = [:]
        for (number, block) in appended.enumerated() {
            let position = JournalPosition(rawValue: UInt64(number + 1))
            var reader = try JournalBlockReader(block.span)
            let time = reader.time
            var index: UInt32 = 0
            while let record = try reader.next() {
                let place = AuditPlace(position: position, index: index)
                switch record[2] {
                case DecisionRecord.type:
                    entries.append(try DecisionRecord.read(record, time: time, place: place))
                case RefusalRecord.type:
                    entries.append(try RefusalRecord.read(record, time: time, place: place))
                case ActionRecord.type:
                    var entry = AuditEntry(place: place, time: time, reason: .allowed)
                    entry.action = try ActionRecord.read(record)
                    entry.keyID = entry.action?.actor
                    entries.append(entry)
                case SettlementRecord.type:
                    let end = try SettlementRecord.ending(of: record, time: time).ending
                    endings[end.reservation] = (end, try SettlementRecord.billed(of: record))
                default:
                    break
                }
                index += 1
            }
        }
        for index in entries.indices {
            guard let (ending, billed) = endings[entries[index].reservation] else { continue }
            entries[index].ending = ending
            entries[index].billed = billed
        }
        return entries
    }
}
