internal import Synchronization
internal import TollgateCore

/// Which turns have counted something that may not be in the journal yet.
///
/// Whoever ends a hold of another loop must not be faster than the record of its beginning. Safe
/// from any thread.
final class OpenTurns: Sendable {
    /// The turn of one loop.
    final class Turn: Sendable {
        private let since = Atomic<Int64>(.max)

        /// Notes that the turn of this time counts something: before it does.
        func begin(at time: MonotonicTime) {
            since.store(time.nanoseconds, ordering: .relaxed)
        }

        /// Notes that all of it is in the journal, or given up.
        func end() {
            since.store(.max, ordering: .releasing)
        }

        fileprivate var time: Int64 { since.load(ordering: .acquiring) }
    }

    private let turns = Mutex<[Turn]>([])

    /// The turns of a new loop, one after the other.
    func add() -> Turn {
        let turn = Turn()
        turns.withLock { $0.append(turn) }
        return turn
    }

    /// Forgets a loop.
    func remove(_ turn: Turn) {
        turns.withLock { turns in turns.removeAll { $0 === turn } }
    }

    /// The time of the oldest of them: what was charged before is in the journal.
    ///
    /// Holds only for charges that the caller knew of before.
    var oldest: MonotonicTime {
        MonotonicTime(
            nanoseconds: turns.withLock { turns in turns.reduce(.max) { min($0, $1.time) } }
        )
    }
}
