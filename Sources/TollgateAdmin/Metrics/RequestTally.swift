internal import Synchronization

/// How often each operation of the management API was answered, and how.
///
/// Operations are those of the route table, so that no request can make up a label.
final class RequestTally: Sendable {
    private struct Row: Hashable {
        let operation: String
        let status: Int
    }

    private let counts = Mutex<[Row: UInt64]>([:])

    /// Counts an answer.
    ///
    /// - Parameters:
    ///   - method: the request's method.
    ///   - path: the path as the route table has it; nil when it has none.
    ///   - status: the status of the answer.
    func count(_ method: String, _ path: String?, status: Int) {
        let row = Row(operation: path.map { "\(method) \($0)" } ?? "unknown", status: status)
        counts.withLock { $0[row, default: 0] &+= 1 }
    }

    /// The counts, in a stable order.
    var family: MetricFamily {
        let rows = counts.withLock { $0 }.sorted { left, right in
            (left.key.operation, left.key.status) < (right.key.operation, right.key.status)
        }
        return MetricFamily(
            "tollgate_admin_requests_total",
            .counter,
            "Requests to the management listener that were answered, by operation and status.",
            rows.map { row, count in
                MetricFamily.Sample(
                    Double(count),
                    labels: [
                        MetricFamily.Label("operation", row.operation),
                        MetricFamily.Label("status", "\(row.status)"),
                    ]
                )
            }
        )
    }
}
