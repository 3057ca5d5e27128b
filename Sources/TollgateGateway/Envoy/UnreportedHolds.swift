internal import TollgateCore

/// Requests that have ended, as an access log says, and that nobody has reported yet.
///
/// An access log without counts of tokens may be faster than the report that has them, so that each
/// waits a little. Bounded: beyond its limit nothing is taken in, and holds end by their age.
struct UnreportedHolds {
    /// How long each waits, in nanoseconds.
    static let grace: Int64 = 5_000_000_000
    /// How often the loop looks whose wait is over, in nanoseconds.
    static let interval: Int64 = 1_000_000_000
    /// How many wait at most, of one loop: 13,000 requests a second.
    static let limit = 65_536
    /// How many are taken out at once, so that a turn stays short.
    static let batch = 1000

    /// One that waits.
    struct Ending {
        let reservation: ReservationID
        let status: UInt16
        let latency: UInt32
        let isCancelled: Bool
        /// When its wait is over, by the loop's clock.
        let due: Int64
    }

    private var endings: [Ending] = []
    /// Where the oldest is.
    private var head = 0
    /// When the loop wakes to look at them; nil when it does not.
    var wakeAt: Int64?

    var isEmpty: Bool { head == endings.count }

    /// Takes one in, unless there are too many.
    mutating func append(_ ending: Ending) {
        guard endings.count - head < UnreportedHolds.limit else { return }
        endings.append(ending)
    }

    /// Takes out the oldest if its wait is over.
    mutating func popDue(at now: Int64) -> Ending? {
        guard head < endings.count, endings[head].due <= now else { return nil }
        let ending = endings[head]
        head += 1
        if head == endings.count {
            endings.removeAll(keepingCapacity: true)
            head = 0
        } else if head > UnreportedHolds.limit {
            endings.removeFirst(head)
            head = 0
        }
        return ending
    }
}
