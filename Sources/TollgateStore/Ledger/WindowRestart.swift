internal import TollgateCore
internal import TollgateEngine

/// Starts the open windows and rates of everybody anew, in the ledger of a store that nobody uses.
///
/// What is held stays counted in the windows and taken from the rates of tokens that it was charged
/// to: its settlement will put what was used in its place. What was used in total stays too, for that
/// window never ends.
enum WindowRestart {
    /// One window of one subject.
    private struct Window: Hashable {
        let subject: SubjectID
        let period: Int
        let id: WindowID
    }

    /// What is held, or counts of expired holds.
    private struct Held {
        var byWindow: [Window: Amounts] = [:]
        /// Of what was charged to a rate, by subject.
        var tokens: [SubjectID: Int64] = [:]
    }

    /// How many rows are written at once.
    private static let batchSize = 1000

    /// Rewrites the counters.
    ///
    /// The journal must be folded to its end: blocks behind it would count in windows that are zero.
    ///
    /// - Parameters:
    ///   - database: that of the store.
    ///   - options: how the ledger is kept.
    /// - Returns: of how many subjects something has changed.
    /// - Throws: when it is not known how many were written.
    static func run(on database: Database, _ options: LedgerOptions) throws(StorageError) -> Int {
        let snapshot = try database.snapshot()
        let held = try held(in: snapshot, options)
        var iterator = snapshot.iterator(over: .counters)
        var isThere = try iterator.seekToFirst()
        var batch = try database.makeBatch()
        var row = ByteWriter(capacity: 512)
        var (count, pending) = (0, 0)
        while isThere {
            if iterator.key.count == LedgerReader.keyLength {
                let subject = try LedgerReader.subject(iterator.key)
                let old = try CountersCodec.read(iterator.value)
                let new = restarted(old, of: subject, held)
                if new != old {
                    row.removeAll()
                    CountersCodec.write(new, to: &row)
                    batch.put(iterator.key, row.span, in: .counters)
                    (count, pending) = (count + 1, pending + 1)
                }
            }
            if pending == batchSize {
                try database.write(batch, .logged)
                batch = try database.makeBatch()
                pending = 0
            }
            isThere = try iterator.next()
        }
        try database.write(batch, .synced)
        try database.flush(.counters)
        return count
    }

    private static func held(
        in snapshot: Snapshot,
        _ options: LedgerOptions
    ) throws(StorageError) -> Held {
        var held = Held()
        try LedgerReader.readHolds(
            try LedgerHead(in: snapshot),
            snapshot,
            options,
            pending: { hold in
                for level in 0..<4 where hold.subjects[level].rawValue != 0 {
                    if hold.hold.refills[level] != 0 {
                        let tokens = held.tokens[hold.subjects[level]] ?? 0
                        held.tokens[hold.subjects[level]] =
                            tokens.addingSaturated(hold.counted.tokens)
                    }
                    for place in 0..<WindowIDs.periods.count {
                        let window = Window(
                            subject: hold.subjects[level],
                            period: place,
                            id: hold.hold.windows[level][WindowIDs.periods[place]]
                        )
                        held.byWindow[window, default: .zero] += hold.counted
                    }
                }
            },
            settled: { _ in }
        )
        return held
    }

    private static func restarted(
        _ old: Counters,
        of subject: SubjectID,
        _ held: Held
    ) -> Counters {
        var new = old
        for period in 0..<WindowIDs.periods.count {
            let window = Window(subject: subject, period: period, id: old.tallies[period].id)
            new.tallies[period].used = held.byWindow[window] ?? .zero
        }
        for slot in RateSlot.allCases { new[slot] = nil }
        if let tokens = held.tokens[subject], let flow = old[.tokensPerMinute] {
            new[.tokensPerMinute] = restarted(flow, holding: UInt64(clamping: tokens))
        }
        return new
    }

    /// An allowance from which nothing is taken but what is held, and no more than was.
    private static func restarted(
        _ old: Counters.Allowance,
        holding tokens: UInt64
    ) -> Counters.Allowance? {
        guard let rate = old.rate(.tokensPerMinute) else { return nil }
        let held = rate.charge(tokens, .full, at: old.changedAt)
        let state = held.fullAt < old.state.fullAt ? held : old.state
        return Counters.Allowance(rate: rate, state: state, changedAt: old.changedAt)
    }
}
