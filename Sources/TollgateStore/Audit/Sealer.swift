internal import Synchronization
internal import TollgateCrypto
internal import TollgateEngine

/// Seals the journal's blocks into segments.
///
/// The content of a segment is written beside the log and flushed to files first; it does not count
/// until one batch adds the header and moves the sealed position. A crash before that leaves blocks
/// that are sealed again and content that nobody finds; one after it leaves the segment. Writing the
/// content without the log also keeps its megabytes out of the way of the event loops' small appends.
///
/// Its owner locks it.
struct Sealer {
    private let journal: BlockJournal
    private let database: Database
    private let options: StoreOptions
    /// Whether content that does not count may be lying about.
    private var mayHaveRemains = true

    init(_ journal: BlockJournal, _ options: StoreOptions) {
        self.journal = journal
        database = journal.database
        self.options = options
    }

    /// Notes that it is not known what is in the database.
    mutating func forget() {
        mayHaveRemains = true
    }

    /// Whether there is enough for a segment, or something too old to wait for more.
    var isDue: Bool {
        journal.state.withLock { state in
            if state.isStopping || state.isEpochOver { return false }
            if state.statistics.unsealedDecisions >= max(1, options.segmentSize) { return true }
            if state.statistics.unsealedBytes >= SegmentBuilder.byteLimit { return true }
            guard let oldest = state.oldestUnsealed else { return false }
            let age = UInt64(clamping: Clock.nanoseconds() &- oldest) / 1_000_000
            return age >= options.segmentAge
        }
    }

    /// Seals one segment.
    ///
    /// - Returns: false when there is nothing to seal.
    mutating func sealOne() throws(StorageError) -> Bool {
        let frontier = journal.frontier
        let snapshot = try database.snapshot()
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        if mayHaveRemains {
            try removeRemains(after: sealed)
            mayHaveRemains = false
        }
        var builder = try collect(after: sealed, upTo: frontier, in: snapshot)
        if builder.isEmpty { return false }
        // From here on content may stay behind without a header.
        mayHaveRemains = true
        try store(&builder, behind: snapshot)
        mayHaveRemains = false
        return true
    }

    private func collect(
        after sealed: UInt64,
        upTo frontier: UInt64,
        in snapshot: Snapshot
    ) throws(StorageError) -> SegmentBuilder {
        let expected = journal.state.withLock { $0.statistics }
        var builder = SegmentBuilder(
            after: sealed,
            countLimit: max(1, options.segmentSize),
            expecting: expected.unsealedDecisions,
            expected.unsealedBytes
        )
        try BlockJournal.forEachBlock(after: sealed, upTo: frontier, in: snapshot) {
            (position, block) throws(StorageError) in
            try builder.add(block, at: position)
            return !builder.isFull
        }
        return builder
    }

    private func store(
        _ builder: inout SegmentBuilder,
        behind snapshot: Snapshot
    ) throws(StorageError) {
        let last = builder.header.last
        let previousHash = try lastHash(in: snapshot)
        let finder = AllowFinder(snapshot: snapshot)
        try builder.finish(previousHash: previousHash) { reservations throws(StorageError) in
            try finder.models(of: reservations)
        } _: { kind, number, chunk throws(StorageError) in
            let key = SegmentChunk.key(last, kind, number)
            try database.put(key.span, chunk, in: .segments, .unlogged)
        }
        options.whenSealing?(.contentWritten)
        try database.flush(.segments)
        options.whenSealing?(.contentFlushed)
        let header = builder.header
        var batch = try database.makeBatch()
        batch.put(last.key.span, header.bytes.span, in: .headers)
        BlockJournal.seal(upTo: last, in: &batch)
        try database.write(batch, .logged)
        let bytes = builder.blockBytes
        journal.state.withLock { state in
            state.sealed(
                upTo: last,
                decisions: Int(header.outline.decisionCount),
                bytes: bytes,
                now: Clock.nanoseconds()
            )
        }
        options.whenSealing?(.committed)
    }

    /// The hash of the last segment, of the anchor when there is none.
    private func lastHash(in snapshot: Snapshot) throws(StorageError) -> SHA256.Digest {
        var iterator = snapshot.iterator(over: .headers)
        guard try iterator.seekToLast() else { return try AuditAnchor(in: snapshot).hash }
        return try SegmentHeader(iterator.value).hash
    }

    /// Removes the content of a segment that never came to count.
    private func removeRemains(after sealed: UInt64) throws(StorageError) {
        let start = (sealed &+ 1).key
        var iterator = try database.iterator(over: .segments)
        guard try iterator.seek(to: start.span) else { return }
        var batch = try database.makeBatch()
        batch.delete(from: start.span, upTo: UInt64.max.key.span, in: .segments)
        try database.write(batch, .logged)
    }
}
