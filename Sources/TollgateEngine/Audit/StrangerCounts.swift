internal import Synchronization
internal import TollgateCore

/// Requests without a key that is known, counted by source, reason and minute.
///
/// A record for each of them would let anybody fill the disk. Here their number costs nothing: what
/// is kept is bounded, and so is what is written of it. Safe from any thread; the lock is short.
final class StrangerCounts: Sendable {
    /// Who asked, as far as they are told apart.
    struct Source: Hashable, Sendable {
        let reason: Reason
        let address: IPAddress?
    }

    /// What came from one source in one minute.
    private struct Tally {
        var count: UInt64 = 0
        var first: WallTime
        var last: WallTime
        /// Whether some of the minute is recorded already.
        var wasShown = false
    }

    private struct Slot: Hashable {
        let minute: Int64
        let source: Source
        /// Whether it stands for all sources that found no place of their own.
        let isMixed: Bool
    }

    /// How many sources are told apart at a time.
    static let sourceLimit = 1024

    /// Which counts to take out.
    enum Scope {
        /// Those of minutes that are over.
        case finished
        /// Also the beginning of this minute where none of it is recorded: for somebody who looks.
        case unseen
        /// All: the server stops.
        case all
    }

    private let slots = Mutex<[Slot: Tally]>([:])

    /// Counts one request.
    func count(_ reason: Reason, from address: IPAddress?, at time: WallTime) {
        let minute = StrangerCounts.minute(of: time)
        let source = Source(reason: reason, address: address)
        slots.withLock { slots in
            var slot = Slot(minute: minute, source: source, isMixed: false)
            if slots[slot] == nil, slots.count >= StrangerCounts.sourceLimit {
                let others = Source(reason: reason, address: nil)
                slot = Slot(minute: minute, source: others, isMixed: true)
            }
            var tally = slots[slot] ?? Tally(first: time, last: time)
            if tally.count == 0 { tally.first = time }
            tally.count &+= 1
            tally.last = time
            slots[slot] = tally
        }
    }

    /// Takes counts out, to be recorded.
    func take(_ scope: Scope, at time: WallTime) -> [(Source, AuditEntry.Crowd)] {
        let now = StrangerCounts.minute(of: time)
        return slots.withLock { slots in
            var taken: [(Source, AuditEntry.Crowd)] = []
            for (slot, tally) in slots {
                let isOver = slot.minute != now || scope == .all
                guard isOver || scope == .unseen && !tally.wasShown else { continue }
                if isOver {
                    slots[slot] = nil
                } else {
                    slots[slot]?.count = 0
                    slots[slot]?.wasShown = true
                }
                guard tally.count > 0 else { continue }
                taken.append(
                    (
                        slot.source,
                        AuditEntry.Crowd(
                            count: tally.count,
                            first: tally.first,
                            last: tally.last,
                            isMixed: slot.isMixed
                        )
                    )
                )
            }
            return taken.sorted { $0.1.first < $1.1.first }
        }
    }

    /// Takes counts back that could not be recorded.
    func putBack(_ counts: [(Source, AuditEntry.Crowd)]) {
        slots.withLock { slots in
            for (source, crowd) in counts {
                let minute = StrangerCounts.minute(of: crowd.first)
                let slot = Slot(minute: minute, source: source, isMixed: crowd.isMixed)
                var tally = slots[slot] ?? Tally(first: crowd.first, last: crowd.last)
                tally.count &+= crowd.count
                tally.first = min(tally.first, crowd.first)
                tally.last = max(tally.last, crowd.last)
                slots[slot] = tally
            }
        }
    }

    private static func minute(of time: WallTime) -> Int64 { time.milliseconds / 60_000 }
}
