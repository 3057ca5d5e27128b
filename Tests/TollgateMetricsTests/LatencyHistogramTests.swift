import Testing
import TollgateMetrics

@Suite("A histogram of latencies")
struct LatencyHistogramTests {
    /// The cell of a time, found the slow way.
    private func cell(of time: UInt64) -> Int {
        LatencyBounds.nanoseconds.firstIndex { time <= $0 } ?? LatencyBounds.nanoseconds.count
    }

    @Test("Every time is counted in the first cell whose bound is not below it")
    func cells() {
        var times: [UInt64] = [0, 1, UInt64(Int64.max)]
        for bound in LatencyBounds.nanoseconds { times += [bound - 1, bound, bound + 1] }
        for bit in 0..<63 { times += [UInt64(1) << UInt64(bit), (UInt64(1) << UInt64(bit)) + 1] }
        for time in times {
            let histogram = LatencyHistogram()
            histogram.record(nanoseconds: Int64(time), times: 3)
            let counts = histogram.current
            #expect(counts.cells[cell(of: time)] == 3, "\(time)")
            #expect(counts.count == 3)
            #expect(counts.nanoseconds == time &* 3)
        }
    }

    @Test("A clock that goes back is counted as no time at all")
    func negative() {
        let histogram = LatencyHistogram()
        histogram.record(nanoseconds: -5)
        #expect(histogram.current.cells.first == 1)
        #expect(histogram.current.nanoseconds == 0)
    }

    @Test("What two threads count adds up, and what came since can be told")
    func sums() {
        let (one, other) = (LatencyHistogram(), LatencyHistogram())
        one.record(nanoseconds: 900)
        other.record(nanoseconds: 2_000_000_000)
        var sum = one.current
        sum += other.current
        #expect(sum.count == 2)
        #expect(sum.nanoseconds == 2_000_000_900)
        let news = sum.since(one.current)
        #expect(news == other.current)
        #expect(news.count(beyond: 1_000_000_000) == 1)
        #expect(news.count(beyond: 2_500_000_000) == 0)
    }

    @Test("Bounds grow, and are written in seconds as they are")
    func bounds() {
        #expect(LatencyBounds.nanoseconds == LatencyBounds.nanoseconds.sorted())
        #expect(LatencyBounds.seconds.count == LatencyBounds.nanoseconds.count)
        for (text, bound) in zip(LatencyBounds.seconds, LatencyBounds.nanoseconds) {
            #expect(((Double(text) ?? 0) * 1e9).rounded() == Double(bound))
        }
    }
}
