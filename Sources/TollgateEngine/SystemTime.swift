internal import Glibc
package import TollgateCore

/// The clocks of this machine.
package final class SystemTime: TimeSource {
    package init() {}

    package func now() -> Now {
        Now(
            wall: WallTime(milliseconds: nanoseconds(CLOCK_REALTIME) / 1_000_000),
            // CLOCK_BOOTTIME also advances while the machine sleeps, so deadlines hold across it.
            monotonic: MonotonicTime(nanoseconds: nanoseconds(CLOCK_BOOTTIME))
        )
    }

    private func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
