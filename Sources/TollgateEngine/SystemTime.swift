internal import Glibc
internal import Synchronization
package import TollgateCore

/// The clocks of this machine, made into one time that never goes back.
package final class SystemTime: TimeSource {
    private let guarded: Mutex<ClockGuard>

    /// Starts to keep time.
    ///
    /// - Parameter last: the latest time that was recorded before; nil when none was.
    package init(after last: Now? = nil) {
        guarded = Mutex(
            ClockGuard(wall: SystemTime.wall, running: SystemTime.running, last: last)
        )
    }

    package func now() -> Now {
        guarded.withLock { $0.read(wall: SystemTime.wall, running: SystemTime.running) }
    }

    /// Whether the wall clock has jumped ahead and is not believed yet.
    package var isSuspicious: Bool { guarded.withLock { $0.isSuspicious } }

    private static var wall: Int64 { nanoseconds(CLOCK_REALTIME) }

    /// CLOCK_BOOTTIME also advances while the machine sleeps, so deadlines hold across it.
    private static var running: Int64 { nanoseconds(CLOCK_BOOTTIME) }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
