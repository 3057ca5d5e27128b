/// Makes one time that never goes back of a wall clock that may step and a clock that only runs.
///
/// Windows are named by wall time. A wall clock that is set back would open yesterday's budget
/// again, one that jumps ahead hands out tomorrow's today. Hence:
///
/// - A step back is not followed: time goes on, at half speed, until the wall clock has caught up.
/// - A small step ahead is followed at once.
/// - A large step ahead is not believed until the wall clock has gone on steadily from there for a
///   while; until then time goes on as the running clock does.
///
/// The monotonic time that comes out continues across restarts: it begins at the later of the wall
/// time and the last time that was recorded.
package struct ClockGuard: Sendable {
    /// A step ahead beyond this is not believed at once: ten minutes, in nanoseconds.
    package static let believableStep: Int64 = 600 * 1_000_000_000
    /// How long a new time must hold to be believed: five minutes, in nanoseconds.
    package static let probation: Int64 = 300 * 1_000_000_000
    /// How far two clocks may drift apart and still count as steady: a second, in nanoseconds.
    private static let tolerance: Int64 = 1_000_000_000

    /// In nanoseconds since 1970.
    private var wall: Int64
    /// The running clock when `wall` was told.
    private var running: Int64
    /// What is added to the running clock for monotonic time.
    private let offset: Int64
    private var suspicion: Suspicion?

    private struct Suspicion {
        /// The distance between both clocks that is not believed yet.
        let distance: Int64
        /// The running clock when it was first seen.
        let since: Int64
    }

    /// Whether the wall clock shows a time that is not believed.
    package var isSuspicious: Bool { suspicion != nil }

    /// Starts to keep time.
    ///
    /// - Parameters:
    ///   - wall: the wall clock, in nanoseconds since 1970.
    ///   - running: the running clock, in nanoseconds since any origin.
    ///   - last: the latest time that was recorded before; nil when none was.
    package init(wall: Int64, running: Int64, last: Now?) {
        let recorded = last.map { max($0.wall.milliseconds, 0) } ?? 0
        let (nanoseconds, overflow) = recorded.multipliedReportingOverflow(by: 1_000_000)
        self.wall = max(wall, overflow ? wall : nanoseconds)
        self.running = running
        offset = max(wall, last?.monotonic.nanoseconds ?? .min).addingSaturated(
            running.negatedSaturated
        )
    }

    /// Tells the time.
    ///
    /// - Parameters:
    ///   - wall: the wall clock, in nanoseconds since 1970.
    ///   - running: the running clock, in nanoseconds.
    /// - Returns: now; never before an earlier one.
    package mutating func read(wall: Int64, running: Int64) -> Now {
        let elapsed = max(running.addingSaturated(self.running.negatedSaturated), 0)
        let expected = self.wall.addingSaturated(elapsed)
        let step = wall.addingSaturated(expected.negatedSaturated)
        if step > ClockGuard.believableStep {
            let isProven = proves(wall, running)
            self.wall = isProven ? wall : expected
            if isProven { suspicion = nil }
        } else {
            suspicion = nil
            self.wall = step >= 0 ? wall : max(wall, self.wall.addingSaturated(elapsed / 2))
        }
        self.running = max(running, self.running)
        return Now(
            wall: WallTime(milliseconds: self.wall / 1_000_000),
            monotonic: MonotonicTime(nanoseconds: self.running.addingSaturated(offset))
        )
    }

    /// Whether the wall clock has gone on steadily for long enough from where it jumped to.
    private mutating func proves(_ wall: Int64, _ running: Int64) -> Bool {
        let distance = wall.addingSaturated(running.negatedSaturated)
        guard
            let suspicion,
            (suspicion.distance.addingSaturated(
                -ClockGuard.tolerance
            )...suspicion.distance
                .addingSaturated(ClockGuard.tolerance)).contains(distance)
        else {
            suspicion = Suspicion(distance: distance, since: running)
            return false
        }
        return running.addingSaturated(suspicion.since.negatedSaturated) >= ClockGuard.probation
    }
}
