internal import TollgateAdmin
internal import TollgateStore
internal import TollgateTransport

/// What the rooms count, in Prometheus's words.
enum MetricSources {
    /// The families of the journal and the transport.
    static func families(
        journal: JournalStatistics,
        transport: TransportStatistics
    ) -> [MetricFamily] {
        families(of: journal) + families(of: transport)
    }

    private static func families(of journal: JournalStatistics) -> [MetricFamily] {
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
                "tollgate_journal_syncs_total",
                .counter,
                "How often the journal was forced to disk.",
                journal.syncs
            ),
            MetricFamily(
                "tollgate_journal_failed_syncs_total",
                .counter,
                "How often forcing the journal to disk failed.",
                journal.failedSyncs
            ),
            MetricFamily(
                "tollgate_journal_last_sync_seconds",
                .gauge,
                "How long the last one took.",
                Double(journal.lastSyncNanoseconds) / 1e9
            ),
            MetricFamily(
                "tollgate_journal_longest_sync_seconds",
                .gauge,
                "How long the longest one took.",
                Double(journal.longestSyncNanoseconds) / 1e9
            ),
            MetricFamily(
                "tollgate_journal_unsealed_decisions",
                .gauge,
                "Decisions in the journal that are not in a segment of the audit log yet.",
                journal.unsealedDecisions
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

    private static func families(of transport: TransportStatistics) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_rpc_connections",
                .gauge,
                "Open connections of proxies.",
                transport.connectionsOpen
            ),
            MetricFamily(
                "tollgate_rpc_connections_accepted_total",
                .counter,
                "Connections that were accepted.",
                transport.connectionsAccepted
            ),
            MetricFamily(
                "tollgate_rpc_connections_refused_total",
                .counter,
                "Connections that were refused because there were too many.",
                transport.connectionsRefused
            ),
            MetricFamily(
                "tollgate_rpc_calls",
                .gauge,
                "Calls that are being answered.",
                transport.callsOpen
            ),
            MetricFamily(
                "tollgate_rpc_calls_total",
                .counter,
                "Calls that began.",
                transport.calls
            ),
            MetricFamily(
                "tollgate_rpc_resets_total",
                .counter,
                "Calls that their clients reset.",
                transport.resets
            ),
            MetricFamily(
                "tollgate_rpc_refusals_total",
                .counter,
                "Calls that were refused before a service saw them.",
                transport.refusals
            ),
            MetricFamily(
                "tollgate_rpc_deadlines_total",
                .counter,
                "Calls whose deadline passed.",
                transport.deadlines
            ),
            MetricFamily(
                "tollgate_rpc_protocol_errors_total",
                .counter,
                "Connections closed because the peer broke HTTP/2.",
                transport.protocolErrors
            ),
            MetricFamily(
                "tollgate_rpc_budget_violations_total",
                .counter,
                "Connections closed because the peer used up a budget.",
                transport.budgetViolations
            ),
            MetricFamily(
                "tollgate_rpc_timeouts_total",
                .counter,
                "Connections closed because the peer was too slow.",
                transport.timeouts
            ),
        ]
    }
}
