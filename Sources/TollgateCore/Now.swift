/// A point of civil time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Names windows and stamps records. Never used to measure how long something took.
package struct WallTime: Comparable, Hashable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: WallTime, right: WallTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// A point on a clock that never goes back: nanoseconds since an origin that only this run knows.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// Both clocks, read once at the start of a turn and passed down from there.
package struct Now: Equatable, Sendable {
    package var wall: WallTime
    package var monotonic: MonotonicTime

    package init(wall: WallTime, monotonic: MonotonicTime) {
        self.wall = wall
        self.monotonic = monotonic
    }
}
