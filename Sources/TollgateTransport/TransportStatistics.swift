internal import Synchronization
package import TollgateMetrics

/// What the transport has done so far; sums over all loops.
package struct TransportStatistics: Sendable, Equatable {
    package var connectionsOpen = 0
    package var connectionsAccepted = 0
    package var callsOpen = 0
    package var calls = 0
    /// RST_STREAM from peers.
    package var resets = 0
    /// Calls that were refused before a service saw them.
    package var refusals = 0
    /// Calls that ended by their deadline.
    package var deadlines = 0
    /// Calls without the `te: trailers` that gRPC asks for; they are served all the same.
    package var withoutTE = 0
    /// Connections closed because the peer broke HTTP/2, its first bytes included.
    package var protocolErrors = 0
    /// Connections closed because the peer used up a budget.
    package var budgetViolations = 0
    /// Connections closed because the peer took too long.
    package var timeouts = 0
    /// Connections closed as they came, because there were too many.
    package var connectionsRefused = 0
    /// Connections whose TLS handshake failed or took too long.
    package var tlsHandshakeFailures = 0
    /// How long answers took that wait for the end of their turn: from when the first bytes of the
    /// turn in which the request was complete were read, encrypted or not, until everything was
    /// handed to the socket.
    package var answers = LatencyCounts()

    package init() {}
}

/// A number that one thread counts and any thread reads.
///
/// Only the owning event loop writes, so adding is a load and a store, not a locked instruction.
struct Counter: ~Copyable {
    private let value = Atomic<Int>(0)

    func add(_ amount: Int = 1) {
        value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    var current: Int { value.load(ordering: .relaxed) }
}

/// The counters of one event loop; see `TransportStatistics`.
final class LoopCounters: Sendable {
    let connectionsOpen = Counter()
    let connectionsAccepted = Counter()
    let callsOpen = Counter()
    let calls = Counter()
    let resets = Counter()
    let refusals = Counter()
    let deadlines = Counter()
    let withoutTE = Counter()
    let protocolErrors = Counter()
    let budgetViolations = Counter()
    let timeouts = Counter()
    let connectionsRefused = Counter()
    let tlsHandshakeFailures = Counter()
    let answers = LatencyHistogram()

    /// Adds what this loop counted.
    func add(to sum: inout TransportStatistics) {
        sum.connectionsOpen += connectionsOpen.current
        sum.connectionsAccepted += connectionsAccepted.current
        sum.callsOpen += callsOpen.current
        sum.calls += calls.current
        sum.resets += resets.current
        sum.refusals += refusals.current
        sum.deadlines += deadlines.current
        sum.withoutTE += withoutTE.current
        sum.protocolErrors += protocolErrors.current
        sum.budgetViolations += budgetViolations.current
        sum.timeouts += timeouts.current
        sum.connectionsRefused += connectionsRefused.current
        sum.tlsHandshakeFailures += tlsHandshakeFailures.current
        sum.answers += answers.current
    }
}
