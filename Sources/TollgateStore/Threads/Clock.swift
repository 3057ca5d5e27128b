internal import Glibc

/// The clock by which the store measures how long something takes.
enum Clock {
    /// Nanoseconds since some origin; never goes back.
    static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
