/// How the store keeps the ledger: how often it writes, and for how long it remembers.
package struct LedgerOptions: Sendable {
    /// What a step of writing a snapshot has just done; see `StoreOptions.whenSnapshotting`.
    package enum SnapshotStep: CaseIterable, Sendable {
        /// What became of holds is written, but does not count yet.
        case holdsWritten
        /// The counters are in a file that does not count yet.
        case fileWritten
        /// The snapshot counts, but the journal still has its blocks.
        case committed
        /// The journal has dropped what is in the snapshot and in segments.
        case blocksDropped
    }

    /// How many records a snapshot may lag behind.
    package var snapshotSize = 524_288

    /// How many subjects may have changed since the last snapshot.
    ///
    /// As many again are kept at hand, some 400 bytes each.
    package var subjectLimit = 131_072

    /// How many holds and ends of holds are gathered in memory, some 300 bytes each.
    package var holdLimit = 32_768

    /// How old a snapshot gets at most while there is something new, in milliseconds.
    package var snapshotAge: UInt64 = 30_000

    /// Of how many settled reservations a repeated report gets the first answer; the oldest leave.
    package var settledLimit = 1_000_000

    /// For how long it does, in milliseconds of the wall clock, and for how long a hold that has
    /// expired may be settled late: 24 hours.
    package var memory: Int64 = 86_400_000

    /// How many holds that have expired may be settled late; the oldest leave.
    package var expiredLimit = 1_000_000

    /// How many entries the log of holds may have besides those that matter, before it is written
    /// anew: so many, or as many as those that matter if these are more.
    package var holdLogSlack = 262_144

    package init() {}
}
