internal import TollgateCore
internal import TollgateEngine

/// What the engine and the program say about themselves.
enum EngineMetrics {
    /// Reads the counters now.
    static func families(_ services: AdminServices, _ readiness: Readiness) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_build_info",
                .gauge,
                "Always 1; the labels say which program runs.",
                [MetricFamily.Sample(1, labels: [MetricFamily.Label("version", services.version)])]
            ),
            MetricFamily(
                "tollgate_ready",
                .gauge,
                "Whether decisions can be made: 1 or 0.",
                readiness.isReady ? 1 : 0
            ),
            decisions(services.engine.decisions),
            MetricFamily(
                "tollgate_active_keys",
                .gauge,
                "Secrets of keys in memory; the store may hold more.",
                services.engine.activeKeyCount
            ),
        ]
    }

    /// Every reason from the first scrape on: a rate over a series that appears late misses its
    /// first events.
    private static func decisions(_ tally: DecisionTally) -> MetricFamily {
        MetricFamily(
            "tollgate_decisions_total",
            .counter,
            "Decisions, by the reason for a denial; the reason of the others is allowed.",
            Reason.allCases.map { reason in
                let name = reason == .allowed ? "allowed" : "\(reason.code)"
                return MetricFamily.Sample(
                    Double(tally[reason]),
                    labels: [MetricFamily.Label("reason", name)]
                )
            }
        )
    }
}
