internal import Synchronization
internal import TollgateAdmin
internal import TollgateCore

/// How many notices were sent, and how many wait.
final class NoticeTally: Sendable {
    /// What became of an attempt, or of a delivery that was never tried again.
    enum Outcome: String, CaseIterable {
        case delivered
        case retrying
        case failed
        /// Others were newer, or nobody wants it any more.
        case dropped
    }

    private struct Counts {
        var outcomes: [Outcome: UInt64] = [:]
        var alerts: [WebhookEvent: UInt64] = [:]
        var queued = 0
    }

    private let counts = Mutex(Counts())

    func count(_ outcome: Outcome, _ number: Int = 1) {
        counts.withLock { $0.outcomes[outcome, default: 0] &+= UInt64(max(number, 0)) }
    }

    func count(alert event: WebhookEvent) {
        counts.withLock { $0.alerts[event, default: 0] &+= 1 }
    }

    func setQueued(_ number: Int) {
        counts.withLock { $0.queued = number }
    }

    /// The counts; every outcome from the first scrape on.
    var families: [MetricFamily] {
        let counts = counts.withLock { $0 }
        return [
            MetricFamily(
                "tollgate_webhook_deliveries_total",
                .counter,
                "What came of attempts to deliver notices, and how many were given up untried.",
                Outcome.allCases.map { outcome in
                    MetricFamily.Sample(
                        Double(counts.outcomes[outcome] ?? 0),
                        labels: [MetricFamily.Label("outcome", outcome.rawValue)]
                    )
                }
            ),
            MetricFamily(
                "tollgate_webhook_queue_deliveries",
                .gauge,
                "How many deliveries of notices wait.",
                counts.queued
            ),
            MetricFamily(
                "tollgate_alerts_total",
                .counter,
                "How many alerts were raised, by type.",
                WebhookEvent.allCases.filter(\.isAlert).map { event in
                    MetricFamily.Sample(
                        Double(counts.alerts[event] ?? 0),
                        labels: [MetricFamily.Label("type", event.rawValue)]
                    )
                }
            ),
        ]
    }
}
