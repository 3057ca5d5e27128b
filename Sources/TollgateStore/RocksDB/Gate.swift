internal import Glibc
internal import Synchronization

/// Counts who is using something, so that it is freed only when nobody is.
///
/// Entering and leaving are one atomic addition each. Whoever has closed it may open it again; one
/// thread at a time does either.
struct Gate: ~Copyable, Sendable {
    private static let closed = 1 << 62

    private let state = Atomic<Int>(0)

    /// Lets a user in; false when the gate is closed.
    func enter() -> Bool {
        if state.add(1, ordering: .acquiring).oldValue < Gate.closed { return true }
        leave()
        return false
    }

    /// Lets a user out, who must have come in by `enter`.
    func leave() {
        state.subtract(1, ordering: .releasing)
    }

    /// Closes the gate and waits until everybody has left.
    ///
    /// - Returns: false when it was closed before, in which case nothing is waited for.
    func close() -> Bool {
        if state.bitwiseOr(Gate.closed, ordering: .acquiringAndReleasing).oldValue >= Gate.closed {
            return false
        }
        // Users stay for one call of RocksDB, and this happens when something has failed or ended.
        while state.load(ordering: .acquiring) > Gate.closed { usleep(100) }
        return true
    }

    /// Opens the gate, which must be closed.
    func open() {
        state.subtract(Gate.closed, ordering: .releasing)
    }
}
