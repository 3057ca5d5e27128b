internal import Synchronization
package import TollgateCore
internal import TollgateEngine

/// A wall clock that can be set, and one that only runs, behind the guard that a server has.
package final class SteppedTime: TimeSource {
    private struct Clocks {
        var wall: Int64
        var running: Int64
        var guarded: ClockGuard
    }

    private let clocks: Mutex<Clocks>

    /// Starts both clocks, in nanoseconds; the time goes on from the last one that was recorded.
    package init(wall: Int64, running: Int64, after last: Now?) {
        let guarded = ClockGuard(wall: wall, running: running, last: last)
        clocks = Mutex(Clocks(wall: wall, running: running, guarded: guarded))
    }

    package func now() -> Now {
        clocks.withLock { $0.guarded.read(wall: $0.wall, running: $0.running) }
    }

    /// What the wall clock shows, right or wrong, in nanoseconds.
    package var wall: Int64 { clocks.withLock { $0.wall } }

    /// Lets both clocks go on.
    package func advance(nanoseconds: Int64) {
        clocks.withLock { clocks in
            clocks.wall += nanoseconds
            clocks.running += nanoseconds
        }
    }

    /// Sets the wall clock alone, forwards or backwards.
    package func step(nanoseconds: Int64) {
        clocks.withLock { $0.wall += nanoseconds }
    }
}
