/// What clocks show in one time zone, at any time: a value, made from the bytes of a TZif file.
///
/// Reads no file and knows no name; whoever reads the time-zone database passes its files in.
package struct ZoneRules: Equatable, Sendable {
    /// A time during which the offset stays.
    struct Segment: Equatable {
        /// In seconds, east of UTC.
        let offset: Int64
        /// The first second that is not part of it, since 1970; nil when it does not end.
        let end: Int64?
    }

    /// The offsets that are taken, in seconds: RFC 8536 section 3.2.
    static let offsets: ClosedRange<Int64> = -89_999...93_599

    /// Seconds since 1970 at which the offset changes, each later than the one before.
    private let transitions: [Int64]
    /// The offset after the transition at the same place.
    private let offsetsAfter: [Int64]
    /// The offset before the first transition.
    private let firstOffset: Int64
    /// What holds from the last transition on; nil when nothing changes any more.
    private let recurring: RecurringZone?

    /// The zone in which local time is UTC.
    package static let utc = ZoneRules(
        transitions: [],
        offsetsAfter: [],
        firstOffset: 0,
        recurring: nil
    )

    /// Makes rules of parts that are known to be right.
    ///
    /// Transitions ascend, each has its offset after it, and all offsets are within `offsets`.
    init(
        transitions: [Int64],
        offsetsAfter: [Int64],
        firstOffset: Int64,
        recurring: RecurringZone?
    ) {
        precondition(transitions.count == offsetsAfter.count)
        self.transitions = transitions
        self.offsetsAfter = offsetsAfter
        self.firstOffset = firstOffset
        self.recurring = recurring
    }

    /// What local time is ahead of UTC, in seconds; negative in the west.
    package func utcOffset(at time: WallTime) -> Int64 {
        segment(at: time.seconds).offset
    }

    /// The segment that a second belongs to.
    func segment(at second: Int64) -> Segment {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= second { low = middle + 1 } else { high = middle }
        }
        if low == transitions.count, let recurring { return recurring.segment(at: second) }
        return Segment(
            offset: low == 0 ? firstOffset : offsetsAfter[low - 1],
            end: low < transitions.count ? transitions[low] : nil
        )
    }

    /// The first second at which local clocks show this time or a later one.
    ///
    /// - Parameter local: seconds since 1970-01-01T00:00:00 local time, below 2^60 either way.
    /// - Returns: seconds since 1970.
    func firstSecond(reaching local: Int64) -> Int64 {
        var second = local - ZoneRules.offsets.upperBound - 1
        while true {
            let segment = segment(at: second)
            let reached = local - segment.offset
            guard let end = segment.end, reached >= end else { return max(reached, second) }
            second = end
        }
    }

    /// The latest local time that clocks have shown up to and in this second.
    ///
    /// That is not always what they show now: while an hour is repeated, it is the end of that
    /// hour.
    ///
    /// - Parameter second: since 1970, below 2^60 either way.
    /// - Returns: seconds since 1970-01-01T00:00:00 local time.
    func highestLocalTime(upTo second: Int64) -> Int64 {
        // What was shown longer ago than any two offsets differ is less than what is shown now.
        var start = second - (ZoneRules.offsets.upperBound - ZoneRules.offsets.lowerBound)
        var highest = Int64.min
        while true {
            let segment = segment(at: start)
            guard let end = segment.end, end <= second else {
                return max(highest, second + segment.offset)
            }
            highest = max(highest, end - 1 + segment.offset)
            start = end
        }
    }
}

extension WallTime {
    /// The whole seconds since 1970, rounded down.
    var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

    /// The beginning of a second; the nearest time that there is when it is out of range.
    init(clampingSeconds seconds: Int64) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        self.init(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds)
    }
}
