/// How a store is kept.
package struct StoreOptions: Sendable {
    /// What an appended decision survives before its answer may leave.
    package enum Durability: Sendable {
        /// The end of the process, at any moment.
        case process
        /// The loss of power as well: answers wait for the group's fsync.
        case power
    }

    /// What a step of sealing has just done; see `whenSealing`.
    package enum SealingStep: CaseIterable, Sendable {
        /// The segment's content is written, but not yet durable.
        case contentWritten
        /// The content is durable, but does not count yet.
        case contentFlushed
        /// The segment counts.
        case committed
    }

    package var durability = Durability.process

    /// With `.process`: how long appended decisions may be at the mercy of the power supply, in
    /// milliseconds.
    package var syncInterval: UInt64 = 10

    /// How many decisions are sealed together.
    package var segmentSize = 65_536

    /// How old an unsealed decision gets at most, in milliseconds.
    package var segmentAge: UInt64 = 600_000

    /// How much memory the blocks of key records may take, in bytes.
    package var cacheSize = 32 << 20

    /// A fault point: called by the thread that seals, after each step.
    package var whenSealing: (@Sendable (SealingStep) -> Void)?

    /// How the ledger is kept.
    package var ledger = LedgerOptions()

    /// A fault point: called by the thread that writes a snapshot of the ledger, after each step.
    package var whenSnapshotting: (@Sendable (LedgerOptions.SnapshotStep) -> Void)?

    package init() {}
}
