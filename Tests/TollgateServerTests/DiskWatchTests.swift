import Testing
import TollgateMetrics
import TollgateStore

@testable import TollgateServer

@Suite("The watch on the disk")
struct DiskWatchTests {
    @Test("Trouble is told when it begins and when it has been over for a while")
    func trouble() {
        var trouble = Trouble()
        #expect(trouble.look(isBad: false) == nil)
        #expect(trouble.look(isBad: true) == .began)
        #expect(trouble.look(isBad: true) == nil)
        for _ in 0..<9 { #expect(trouble.look(isBad: false) == nil) }
        #expect(trouble.look(isBad: true) == nil, "it was not over for long enough")
        for _ in 0..<9 { #expect(trouble.look(isBad: false) == nil) }
        #expect(trouble.look(isBad: false) == .ended)
        #expect(trouble.look(isBad: true) == .began)
    }

    @Test("One line for a disk that is slow, however many writes are")
    func slowness() {
        let histogram = LatencyHistogram()
        var statistics = JournalStatistics()
        var watch = DiskWatch(statistics)
        func lines() -> [String] { watch.look(statistics).map { "\($0.line) \($0.change)" } }
        histogram.record(nanoseconds: 1_000_000_000)
        statistics.syncTimes = histogram.current
        #expect(lines() == [])
        for _ in 0..<3 {
            histogram.record(nanoseconds: 1_000_000_001, times: 5)
            statistics.syncTimes = histogram.current
        }
        #expect(lines() == ["writing the journal takes longer than a second began"])
        histogram.record(nanoseconds: 3_000_000_000)
        statistics.appendTimes = histogram.current
        #expect(lines() == [])
        statistics.failedSeals += 2
        statistics.failedSnapshots += 1
        #expect(
            lines() == [
                "the ledger cannot be written began", "the audit log cannot be sealed began",
            ]
        )
        for _ in 0..<8 { #expect(lines() == []) }
        #expect(lines() == ["writing the journal takes longer than a second ended"])
    }
}
