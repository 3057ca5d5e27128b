internal import Synchronization
internal import TollgateCore

/// How far the journal must be in the ledger before a key or an account may leave memory.
///
/// Holds that are open keep their key in memory by themselves. One that ends counts as not recorded
/// until its turn is in the journal, and then by its position. A key that moves takes its footprint
/// along.
final class Footprint: Sendable {
    private let unrecorded = Atomic<UInt64>(0)
    private let lastPosition = Atomic<UInt64>(0)

    /// Notes that a hold has ended in a turn that is not in the journal yet.
    func ended() {
        unrecorded.add(1, ordering: .relaxed)
    }

    /// Notes that a hold has not ended after all: somebody else was faster.
    func notEnded() {
        unrecorded.subtract(1, ordering: .releasing)
    }

    /// Notes where the end of a hold is.
    func recorded(at position: JournalPosition) {
        lastPosition.max(position.rawValue, ordering: .relaxed)
        unrecorded.subtract(1, ordering: .releasing)
    }

    /// Whether the ledger has all that has ended.
    func isContained(in ledger: JournalPosition) -> Bool {
        unrecorded.load(ordering: .acquiring) == 0
            && lastPosition.load(ordering: .relaxed) <= ledger.rawValue
    }
}
