internal import TollgateAdmin
internal import TollgateStore

/// What the journal and its projections count, in Prometheus's words.
enum JournalMetrics {
    /// The families of the journal.
    static func families(_ journal: JournalStatistics) -> [MetricFamily] {
        appending(journal) + durability(journal) + projections(journal) + audit(journal)
    }

    private static func appending(_ journal: JournalStatistics) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_journal_appended_blocks_total",
                .counter,
                "Blocks appended to the journal, one for each turn with decisions.",
                journal.appendedBlocks
            ),
            MetricFamily(
                "tollgate_journal_appended_bytes_total",
                .counter,
                "Bytes appended to the journal.",
                journal.appendedBytes
            ),
            MetricFamily(
                "tollgate_journal_appended_decisions_total",
                .counter,
                "Decisions appended to the journal.",
                journal.appendedDecisions
            ),
            MetricFamily(
                "tollgate_journal_failed_appends_total",
                .counter,
                "Blocks that could not be appended; their answers were withdrawn.",
                journal.failedAppends
            ),
            MetricFamily(
                "tollgate_journal_append_duration_seconds",
                "How long appending a block took.",
                journal.appendTimes
            ),
            MetricFamily(
                "tollgate_journal_recoveries_total",
                .counter,
                "How often the journal was made usable again after a failed write.",
                journal.recoveries
            ),
        ]
    }

    private static func durability(_ journal: JournalStatistics) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_journal_sync_duration_seconds",
                "How long forcing the journal to disk took.",
                journal.syncTimes
            ),
            MetricFamily(
                "tollgate_journal_failed_syncs_total",
                .counter,
                "How often forcing the journal to disk failed.",
                journal.failedSyncs
            ),
            MetricFamily(
                "tollgate_journal_position",
                .gauge,
                "The position of the journal's last block.",
                journal.position
            ),
            MetricFamily(
                "tollgate_journal_unsynced_blocks",
                .gauge,
                "Blocks that would not survive a loss of power yet.",
                journal.position &- min(journal.position, journal.durablePosition)
            ),
        ]
    }

    private static func projections(_ journal: JournalStatistics) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_ledger_lag_blocks",
                .gauge,
                "Blocks that are not in a snapshot of the ledger yet; a start folds them.",
                journal.position &- min(journal.position, journal.ledgerPosition)
            ),
            MetricFamily(
                "tollgate_ledger_lag_seconds",
                .gauge,
                "For how long the oldest of them has been waiting, at least.",
                Double(journal.ledgerLag) / 1e9
            ),
            MetricFamily(
                "tollgate_ledger_snapshots_total",
                .counter,
                "Snapshots of the ledger that were written.",
                journal.snapshots
            ),
            MetricFamily(
                "tollgate_ledger_failed_snapshots_total",
                .counter,
                "Snapshots of the ledger that could not be written; they are tried again.",
                journal.failedSnapshots
            ),
        ]
    }

    private static func audit(_ journal: JournalStatistics) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_audit_lag_decisions",
                .gauge,
                "Decisions in the journal that are not in a segment of the audit log yet.",
                journal.unsealedDecisions
            ),
            MetricFamily(
                "tollgate_audit_lag_seconds",
                .gauge,
                "For how long the oldest of them has been waiting, at least.",
                Double(journal.sealingLag) / 1e9
            ),
            MetricFamily(
                "tollgate_audit_sealed_segments_total",
                .counter,
                "Segments of the audit log that were sealed.",
                journal.sealedSegments
            ),
            MetricFamily(
                "tollgate_audit_failed_seals_total",
                .counter,
                "Segments that could not be sealed; they are tried again.",
                journal.failedSeals
            ),
        ]
    }
}
