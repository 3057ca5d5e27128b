internal import Synchronization

/// How long something took, counted by any thread and read by any other.
///
/// Counting is a look-up, at most two comparisons and two atomic additions; nothing is allocated.
/// Threads that count all the time have one each, for they would take the memory from each other.
package final class LatencyHistogram: Sendable {
    private let bounds: [22 of UInt64]
    /// The first cell that a time with this highest bit can be in.
    private let starts: [64 of UInt8]
    private let counts: [23 of Atomic<UInt64>]
    private let sum = Atomic<UInt64>(0)

    /// A histogram that has counted nothing.
    package init() {
        let all = LatencyBounds.nanoseconds
        bounds = [22 of UInt64] { all[$0] }
        starts = [64 of UInt8] { bit in
            UInt8(clamping: all.count { $0 < UInt64(1) << UInt64(bit) })
        }
        counts = [23 of Atomic<UInt64>] { _ in Atomic(0) }
    }

    /// Counts something that took so long; what took less than nothing took nothing.
    ///
    /// - Parameters:
    ///   - nanoseconds: how long each took.
    ///   - times: how many took so long.
    package func record(nanoseconds: Int64, times: Int = 1) {
        let time = UInt64(clamping: nanoseconds)
        let times = UInt64(clamping: times)
        var cell = Int(starts[63 - (time | 1).leadingZeroBitCount])
        while cell < bounds.count, time > bounds[cell] { cell += 1 }
        counts[cell].wrappingAdd(times, ordering: .relaxed)
        sum.wrappingAdd(time &* times, ordering: .relaxed)
    }

    /// What was counted so far.
    package var current: LatencyCounts {
        var current = LatencyCounts()
        for cell in 0..<counts.count {
            current.cells[cell] = counts[cell].load(ordering: .relaxed)
        }
        current.nanoseconds = sum.load(ordering: .relaxed)
        return current
    }
}

/// What a histogram has counted.
package struct LatencyCounts: Equatable, Sendable {
    /// How many took at most as long as the bound of the cell, and longer than that of the one
    /// before; the last cell has those beyond all bounds.
    package var cells = [UInt64](repeating: 0, count: LatencyBounds.nanoseconds.count + 1)
    /// How long all of them took together.
    package var nanoseconds: UInt64 = 0

    package init() {}

    /// How many there were.
    package var count: UInt64 { cells.reduce(0, &+) }

    package static func += (left: inout LatencyCounts, right: LatencyCounts) {
        for cell in left.cells.indices { left.cells[cell] &+= right.cells[cell] }
        left.nanoseconds &+= right.nanoseconds
    }

    /// What came since an earlier look at the same histogram.
    package func since(_ earlier: LatencyCounts) -> LatencyCounts {
        var news = self
        for cell in news.cells.indices { news.cells[cell] &-= earlier.cells[cell] }
        news.nanoseconds &-= earlier.nanoseconds
        return news
    }

    /// How many took longer than a bound, which must be one of `LatencyBounds.nanoseconds`.
    package func count(beyond bound: UInt64) -> UInt64 {
        let first = LatencyBounds.nanoseconds.count { $0 <= bound }
        return cells.dropFirst(first).reduce(0, &+)
    }
}
