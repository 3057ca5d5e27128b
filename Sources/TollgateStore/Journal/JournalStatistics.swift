package import TollgateMetrics

/// What the journal has done since the store was opened, for metrics.
package struct JournalStatistics: Equatable, Sendable {
    /// The last position that was given out.
    package var position: UInt64 = 0
    /// The last position that survives the loss of power.
    package var durablePosition: UInt64 = 0
    /// The last position that is part of a segment.
    package var sealedPosition: UInt64 = 0
    /// The last position that the ledger includes.
    package var ledgerPosition: UInt64 = 0

    package var appendedBlocks: UInt64 = 0
    package var appendedBytes: UInt64 = 0
    package var appendedDecisions: UInt64 = 0
    package var failedAppends: UInt64 = 0

    package var syncs: UInt64 = 0
    package var failedSyncs: UInt64 = 0
    /// How long the last fsync took.
    package var lastSyncNanoseconds: UInt64 = 0
    /// How long the longest fsync took.
    package var longestSyncNanoseconds: UInt64 = 0

    /// How far sealing lags behind: decisions that are not part of a segment yet.
    package var unsealedDecisions = 0
    /// The bytes of the blocks that these are in.
    package var unsealedBytes = 0
    package var sealedSegments: UInt64 = 0
    package var failedSeals: UInt64 = 0

    /// For how long the oldest decision waits to become part of a segment, at least, in nanoseconds.
    package var sealingLag: Int64 = 0
    /// For how long the oldest block waits to become part of a snapshot of the ledger, at least.
    package var ledgerLag: Int64 = 0
    /// How long appending took.
    package var appendTimes = LatencyCounts()
    /// How long the fsyncs took that succeeded.
    package var syncTimes = LatencyCounts()

    /// How many snapshots of the ledger were written.
    package var snapshots: UInt64 = 0
    package var failedSnapshots: UInt64 = 0
    /// How many times the journal was made usable again after a failed write.
    package var recoveries: UInt64 = 0

    package init() {}
}
