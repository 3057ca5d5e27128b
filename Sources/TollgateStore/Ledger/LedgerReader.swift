internal import TollgateCore
internal import TollgateEngine

/// Reads what the last snapshot of the ledger has.
enum LedgerReader {
    /// The counters of a subject; nil when nothing was ever counted for it.
    static func counters(
        of subject: SubjectID,
        in database: Database
    ) throws(StorageError) -> Counters? {
        let key = key(of: subject)
        guard let value = try database.value(of: key.span, in: .counters) else { return nil }
        return try CountersCodec.read(value.bytes)
    }

    /// Calls with the counters of each subject that has some.
    ///
    /// - Parameters:
    ///   - subjects: whose, in ascending order, and a number that the body gets.
    ///   - snapshot: where to read.
    ///   - body: gets them in the same order.
    /// - Throws: `.corrupt` when a row is damaged.
    static func forEach(
        of subjects: [(subject: SubjectID, number: Int)],
        in snapshot: Snapshot,
        _ body: (Int, Counters) -> Void
    ) throws(StorageError) {
        var iterator = snapshot.iterator(over: .counters)
        var isThere = try iterator.seekToFirst()
        for (subject, number) in subjects {
            let key = key(of: subject)
            // Where many are asked for, the next one is near: looking for it anew costs more.
            var steps = 0
            while isThere, iterator.isBefore(key.span) {
                isThere = steps < 8 ? try iterator.next() : try iterator.seek(to: key.span)
                steps += 1
            }
            if isThere, Text.equal(iterator.key, key.span) {
                body(number, try CountersCodec.read(iterator.value))
            }
        }
    }

    /// Calls with everything that the log of holds has, the oldest first.
    ///
    /// - Parameters:
    ///   - head: says which part of the log counts.
    ///   - snapshot: where to read.
    ///   - options: what matters.
    ///   - pending: gets each hold that nobody has settled.
    ///   - settled: gets the others.
    /// - Throws: `.corrupt` when the log is damaged.
    static func readHolds(
        _ head: LedgerHead,
        _ snapshot: Snapshot,
        _ options: LedgerOptions,
        pending: (LedgerHold) -> Void,
        settled: (SettledReservation) -> Void
    ) throws(StorageError) {
        guard let time = head.time else { return }
        let census = try HoldCensus(
            head.log,
            upTo: head.position,
            at: time.wall,
            in: snapshot,
            options
        )
        try census.forEachPending { (stored) throws(StorageError) in pending(stored.hold) }
        try census.forEachSettled { (reservation, _) throws(StorageError) in settled(reservation) }
    }

    /// How long the keys of subjects are; that of the head is shorter.
    static let keyLength = 16

    /// The subject whose row has a key.
    static func subject(_ key: Span<UInt8>) throws(StorageError) -> SubjectID {
        var reader = ByteReader(key, "the key of a row of counters")
        let number: UInt128 = try reader.bigEndian()
        return SubjectID(rawValue: number)
    }

    /// The key of a subject's row, without allocating.
    static func key(of subject: SubjectID) -> [16 of UInt8] {
        [16 of UInt8] {
            UInt8(truncatingIfNeeded: subject.rawValue >> UInt128(120 - 8 * $0))
        }
    }
}
