internal import Foundation
internal import Testing
internal import TollgateCore
internal import TollgateEngine

@Suite("The clocks of the machine")
struct SystemTimeTests {
    @Test("tell the civil time, in milliseconds")
    func wall() {
        let before = Date().timeIntervalSince1970
        let now = SystemTime().now()
        let after = Date().timeIntervalSince1970
        #expect(now.wall.milliseconds >= Int64(before * 1000) - 1)
        #expect(now.wall.milliseconds <= Int64(after * 1000) + 1)
    }

    @Test("never go back where durations are measured")
    func monotonic() {
        let time = SystemTime()
        var last = time.now().monotonic
        for _ in 0..<10_000 {
            let next = time.now().monotonic
            #expect(next >= last)
            last = next
        }
    }
}
