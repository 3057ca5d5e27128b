internal import TollgateCore
internal import TollgateEngine

/// Folds the journal into the ledger, and now and then writes a snapshot of it.
///
/// What became of holds goes into the log of holds as it comes together; it does not count until the
/// snapshot does. The counters that have changed go into a file of sorted rows, together with the
/// head that says which position they include, and all of it is added to the database at once. A
/// crash before that leaves the last snapshot and rows that nobody reads; one after it leaves the
/// new snapshot. Neither costs a put for each decision, nor holds up the event loops' appends.
///
/// Its owner locks it.
struct LedgerProjection {
    /// Why folding has stopped.
    enum Stop {
        /// There is nothing more to fold.
        case end
        /// It is time for a snapshot.
        case snapshotDue
    }

    let database: Database
    let options: StoreOptions
    /// Where the files of rows are made.
    private let tablePath: String

    /// What the last snapshot includes.
    private(set) var head: LedgerHead
    /// The last position that was folded.
    var position: UInt64
    var table = CounterTable()
    private var holds = HoldFold()
    /// How long the log of holds is, what was written since the last snapshot included.
    private var log = HoldLogSize()
    /// How many times as much as else is folded before a snapshot is due.
    var patience = 1
    /// How many records were folded since the last snapshot.
    private var recordCount = 0
    private var snapshotAt = Clock.nanoseconds()
    /// Whether the log of holds may have rows that do not count and never will.
    private var mayHaveRemains = true
    private var isForgotten = false

    /// Finds the ledger of a database.
    init(_ database: Database, _ options: StoreOptions) throws(StorageError) {
        self.database = database
        self.options = options
        tablePath = "\(database.path)-snapshot.sst"
        head = try LedgerHead(in: try database.snapshot())
        position = head.position
        log = head.log
    }

    /// Whether a snapshot would have something new.
    var hasNews: Bool { position > head.position }

    /// Whether it is time for a snapshot, because of its age.
    var isOld: Bool {
        guard hasNews else { return false }
        let age = UInt64(clamping: Clock.nanoseconds() &- snapshotAt) / 1_000_000
        return age >= options.ledger.snapshotAge
    }

    /// Forgets what is in memory; for when something went wrong, and it is not known what is in the
    /// database.
    mutating func forget() {
        table = CounterTable()
        holds = HoldFold()
        recordCount = 0
        mayHaveRemains = true
        isForgotten = true
    }

    /// Finds the last snapshot again, if it was forgotten.
    mutating func remember() throws(StorageError) {
        guard isForgotten else { return }
        head = try LedgerHead(in: try database.snapshot())
        position = head.position
        log = head.log
        isForgotten = false
    }

    // MARK: Folding

    /// Folds blocks, until there are no more or a snapshot is due.
    ///
    /// - Parameters:
    ///   - last: the last position to fold.
    ///   - snapshot: where to read the blocks.
    /// - Returns: why it has stopped.
    /// - Throws: what keeps it from going on; the owner calls `forget`.
    mutating func fold(upTo last: UInt64, in snapshot: Snapshot) throws(StorageError) -> Stop {
        try removeRemains()
        var stop = Stop.end
        try BlockJournal.forEachBlock(after: position, upTo: last, in: snapshot) {
            (position, block) throws(StorageError) in
            recordCount += try fold(block)
            self.position = position
            if holds.count >= options.ledger.holdLimit { _ = try writeHolds() }
            guard isFull else { return true }
            stop = .snapshotDue
            return false
        }
        return stop
    }

    /// Whether as much was folded as a snapshot should have.
    var isFull: Bool { isFull(recordCount, table.changedCount) }

    func isFull(_ recordCount: Int, _ changedCount: Int) -> Bool {
        // Divided, for the limits may be as large as numbers get.
        recordCount / patience >= max(1, options.ledger.snapshotSize)
            || changedCount / patience >= max(1, options.ledger.subjectLimit)
    }

    private mutating func fold(_ block: Span<UInt8>) throws(StorageError) -> Int {
        try holds.add(block) { [database] (subject, change) throws(StorageError) in
            try table.change(
                subject,
                load: { (subject) throws(StorageError) in
                    try LedgerReader.counters(of: subject, in: database)
                },
                change
            )
        }
    }

    // MARK: Snapshots

    /// Writes what was folded.
    ///
    /// - Throws: when it is not known whether it was written; the owner calls `forget`.
    mutating func writeSnapshot() throws(StorageError) {
        guard hasNews else { return }
        var new = try writeHolds()
        let isRewritten = new.log.isWorthRewriting(slack: options.ledger.holdLogSlack)
        if isRewritten { new.log = try rewriteLog(new.log) }
        if new.log != head.log { try database.flush(.holds) }
        options.whenSnapshotting?(.holdsWritten)
        try writeTable(new)
        options.whenSnapshotting?(.fileWritten)
        try database.ingest(tablePath, into: .counters)
        head = new
        log = new.log
        table.changesWereKept(limit: options.ledger.subjectLimit)
        recordCount = 0
        snapshotAt = Clock.nanoseconds()
        options.whenSnapshotting?(.committed)
        if isRewritten { try dropOldLog() }
    }

    /// The latest time of everything that was folded.
    private var time: Now? {
        guard let last = holds.lastTime else { return head.time }
        guard let earlier = head.time else { return last }
        return Now(
            wall: max(earlier.wall, last.wall),
            monotonic: max(earlier.monotonic, last.monotonic)
        )
    }

    /// Writes what became of holds into their log, where it does not count yet.
    ///
    /// - Returns: the head of a snapshot that is written now.
    mutating func writeHolds() throws(StorageError) -> LedgerHead {
        if holds.count > 0, let time {
            var writer = HoldLogWriter(position, isBase: false)
            try writer.add(holds, at: time.wall, store)
            log.begun += writer.begunCount
            log.endings += writer.endingCount
            log.rows += writer.rowCount
            holds.removeAll()
        }
        var head = LedgerHead()
        head.position = position
        head.time = time
        head.log = log
        return head
    }

    private mutating func rewriteLog(_ log: HoldLogSize) throws(StorageError) -> HoldLogSize {
        let now = time?.wall ?? WallTime(milliseconds: 0)
        let census = try HoldCensus(
            log,
            upTo: position,
            at: now,
            in: try database.snapshot(),
            options.ledger
        )
        var writer = HoldLogWriter(position, isBase: true)
        try writer.add(census, at: now, store)
        var size = HoldLogSize()
        size.base = position
        size.rows = writer.rowCount
        size.begun = writer.begunCount
        size.liveEntries = writer.begunCount + writer.endingCount
        size.liveRows = writer.rowCount
        return size
    }

    private func store(_ key: Span<UInt8>, _ value: Span<UInt8>) throws(StorageError) {
        try database.put(key, value, in: .holds, .unlogged)
    }

    private func writeTable(_ head: LedgerHead) throws(StorageError) {
        var file = try database.makeTable(at: tablePath, for: .counters)
        let headKey = LedgerHead.key
        let headBytes = head.bytes
        try file.put(headKey.span, headBytes.span)
        var row = ByteWriter(capacity: 512)
        try table.forEachChange { (subject, counters) throws(StorageError) in
            row.removeAll()
            CountersCodec.write(counters, to: &row)
            let key = LedgerReader.key(of: subject)
            try file.put(key.span, row.span)
        }
        try file.finish()
    }

    // MARK: Cleaning up

    /// Removes rows of holds that belong to a snapshot that never came to count.
    private mutating func removeRemains() throws(StorageError) {
        guard mayHaveRemains else { return }
        let start = HoldLog.key(head.position &+ 1, isBase: false, 0)
        try remove(from: start, upTo: HoldLog.key(.max, isBase: true, .max))
        try dropOldLog()
        mayHaveRemains = false
    }

    /// Removes the rows from before the log was written anew.
    private func dropOldLog() throws(StorageError) {
        try remove(from: [], upTo: HoldLog.start(head.log))
    }

    private func remove(from start: [UInt8], upTo end: [UInt8]) throws(StorageError) {
        guard !end.isEmpty else { return }
        var iterator = try database.iterator(over: .holds)
        guard try iterator.seek(to: start.span), iterator.isBefore(end.span) else { return }
        var batch = try database.makeBatch()
        batch.delete(from: start.span, upTo: end.span, in: .holds)
        try database.write(batch, .logged)
    }
}
