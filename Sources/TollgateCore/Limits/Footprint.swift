internal import Synchronization

/// How far the journal must be in the ledger before a meter, or all of an account, may leave memory.
///
/// Holds that are open keep their meters in memory by themselves. One that ends counts as not recorded
/// until its turn is in the journal, and then by its position. A part of what it belongs to rather than
/// an object of its own: there is one for each key in memory. Safe to use from any thread, without the
/// account's lock.
package struct Footprint: ~Copyable, Sendable {
    private let unrecorded = Atomic<UInt64>(0)
    private let lastPosition = Atomic<UInt64>(0)

    package init() {}

    /// Notes that a hold is about to end, in a turn that is not in the journal yet.
    package func willEnd() {
        unrecorded.add(1, ordering: .relaxed)
    }

    /// Notes that a hold does not end after all: somebody else was faster.
    package func endCancelled() {
        unrecorded.subtract(1, ordering: .releasing)
    }

    /// Notes where the end of a hold is.
    package func endRecorded(at position: JournalPosition) {
        lastPosition.max(position.rawValue, ordering: .relaxed)
        unrecorded.subtract(1, ordering: .releasing)
    }

    /// Whether the ledger has all that has ended.
    package func isContained(in ledger: JournalPosition) -> Bool {
        unrecorded.load(ordering: .acquiring) == 0
            && lastPosition.load(ordering: .relaxed) <= ledger.rawValue
    }
}
