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
                [
                    MetricFamily.Sample(
                        1,
                        labels: [
                            MetricFamily.Label("version", services.version),
                            MetricFamily.Label("swift", swiftVersion),
                        ]
                    )
                ]
            ),
            MetricFamily(
                "tollgate_ready",
                .gauge,
                "Whether decisions can be made: 1 or 0.",
                readiness.isReady ? 1 : 0
            ),
            decisions(services.engine.decisions),
            settlements(services.engine.decisions),
            MetricFamily(
                "tollgate_open_holds",
                .gauge,
                "Requests that are allowed and not settled; also expired ones that may still be.",
                services.engine.pendingHoldCount
            ),
            MetricFamily(
                "tollgate_active_keys",
                .gauge,
                "Secrets of keys in memory; the store may hold more.",
                services.engine.activeKeyCount
            ),
        ]
    }

    /// Which compiler has made the program.
    private static var swiftVersion: String {
        #if compiler(>=6.4)
        "6.4"
        #elseif compiler(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }

    private static func settlements(_ tally: DecisionTally) -> MetricFamily {
        MetricFamily(
            "tollgate_settlements_total",
            .counter,
            "Reports of usage and ends of holds, by what became of them.",
            SettlementFate.allCases.map { fate in
                MetricFamily.Sample(
                    Double(tally[fate]),
                    labels: [MetricFamily.Label("outcome", "\(fate)")]
                )
            }
        )
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
