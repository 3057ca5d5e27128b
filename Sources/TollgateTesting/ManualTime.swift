internal import Synchronization
package import TollgateCore
internal import TollgateEngine

/// Clocks that stand still until a test moves them.
package final class ManualTime: TimeSource {
    private let current: Mutex<Now>

    /// Starts both clocks; the monotonic one at an origin that has nothing to do with civil time.
    package init(wall: WallTime = WallTime(milliseconds: 1_700_000_000_000)) {
        current = Mutex(Now(wall: wall, monotonic: MonotonicTime(nanoseconds: 5_000_000_000)))
    }

    package func now() -> Now {
        current.withLock { $0 }
    }

    /// Moves both clocks on by so many milliseconds.
    package func advance(milliseconds: Int64) {
        current.withLock { now in
            now.wall.milliseconds &+= milliseconds
            now.monotonic.nanoseconds &+= milliseconds &* 1_000_000
        }
    }

    /// Sets the wall clock alone, as an administrator or NTP may do, backwards too.
    package func setWall(_ time: WallTime) {
        current.withLock { $0.wall = time }
    }
}
