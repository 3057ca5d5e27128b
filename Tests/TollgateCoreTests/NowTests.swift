internal import Testing
internal import TollgateCore

@Suite("Times")
struct NowTests {
    @Test("of each clock are ordered")
    func order() {
        let walls = [Int64.max, 0, .min, 5, -5].map { WallTime(milliseconds: $0) }
        #expect(walls.sorted().map(\.milliseconds) == [.min, -5, 0, 5, .max])
        let ticks = [Int64.max, 0, 7].map { MonotonicTime(nanoseconds: $0) }
        #expect(ticks.sorted().map(\.nanoseconds) == [0, 7, .max])
    }
}
