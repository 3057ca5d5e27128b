internal import TollgateAdmin
internal import TollgateTransport

/// What the rpc listener counts, in Prometheus's words.
enum TransportMetrics {
    /// The families of the rpc listener.
    static func families(_ transport: TransportStatistics) -> [MetricFamily] {
        connections(transport) + calls(transport) + failures(transport)
    }

    private static func connections(_ transport: TransportStatistics) -> [MetricFamily] {
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
        ]
    }

    private static func calls(_ transport: TransportStatistics) -> [MetricFamily] {
        [
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
                "tollgate_decision_duration_seconds",
                "Checks and reports of usage: from reading their bytes to handing over the answers.",
                transport.answers
            ),
        ]
    }

    /// Connections that were closed for what their peers did.
    private static func failures(_ transport: TransportStatistics) -> [MetricFamily] {
        [
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
            MetricFamily(
                "tollgate_rpc_tls_handshake_failures_total",
                .counter,
                "Connections whose TLS handshake failed or took too long.",
                transport.tlsHandshakeFailures
            ),
        ]
    }
}
