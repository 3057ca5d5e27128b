internal import Synchronization
internal import TollgateAdmin

/// How often files that may change while the server runs were read again, and with what success.
final class ReloadTally: Sendable {
    /// What was read again.
    enum Subject: String, CaseIterable {
        case certificates
        case models
    }

    private struct Counts {
        var succeeded: [Subject: UInt64] = [:]
        var failed: [Subject: UInt64] = [:]
    }

    private let counts = Mutex(Counts())

    /// Counts an attempt.
    func count(_ subject: Subject, succeeded: Bool) {
        counts.withLock { counts in
            if succeeded {
                counts.succeeded[subject, default: 0] &+= 1
            } else {
                counts.failed[subject, default: 0] &+= 1
            }
        }
    }

    /// The counts; every subject from the first scrape on.
    var family: MetricFamily {
        let counts = counts.withLock { $0 }
        return MetricFamily(
            "tollgate_reloads_total",
            .counter,
            "How often changed files were read again, by what they hold and whether it succeeded.",
            Subject.allCases.flatMap { subject in
                [("success", counts.succeeded), ("failure", counts.failed)].map { result, counts in
                    MetricFamily.Sample(
                        Double(counts[subject] ?? 0),
                        labels: [
                            MetricFamily.Label("subject", subject.rawValue),
                            MetricFamily.Label("result", result),
                        ]
                    )
                }
            }
        )
    }
}
