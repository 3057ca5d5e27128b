import Testing
import TollgateCore

@testable import TollgateEngine

@Suite("The queue of deliveries")
struct DeliveryQueueTests {
    private static let start = WallTime(milliseconds: 1_000_000_000)
    private static let here = NoticeDestination.webhook(WebhookID(rawValue: 1))
    private static let there = NoticeDestination.key(KeyID(rawValue: 2))

    private func notice(_ number: UInt128 = 1) -> Notice {
        Notice(
            id: NoticeID(rawValue: number),
            event: .keyCreated,
            time: Self.start,
            data: "{}"
        )
    }

    private func later(_ milliseconds: Int64) -> WallTime {
        WallTime(milliseconds: Self.start.milliseconds + milliseconds)
    }

    /// A queue with so many deliveries to each destination.
    private func queue(_ count: Int, to destinations: [NoticeDestination]) -> DeliveryQueue {
        var queue = DeliveryQueue([])
        for number in 0..<count {
            let made = queue.deliveries(
                of: notice(UInt128(number)),
                to: destinations,
                at: Self.start
            )
            queue.add(made)
        }
        return queue
    }

    @Test("lets one delivery out at a time to each destination, the oldest first")
    func oneAtATime() {
        var queue = queue(3, to: [Self.here, Self.there])
        let first = queue.take(at: Self.start, limit: 16)
        #expect(first.map(\.sequence) == [1, 2])
        #expect(first.map(\.destination) == [Self.here, Self.there])
        #expect(queue.take(at: Self.start, limit: 16).isEmpty)
        _ = queue.finish(first[1], .delivered(200), at: Self.start, chance: 0)
        #expect(queue.take(at: Self.start, limit: 16).map(\.sequence) == [4])
    }

    @Test("lets no more out at once than it is told")
    func limit() {
        var queue = queue(1, to: [Self.here, Self.there])
        #expect(queue.take(at: Self.start, limit: 1).count == 1)
        #expect(queue.take(at: Self.start, limit: 1).isEmpty)
    }

    @Test("tries again what was not taken, waiting twice as long each time up to an hour")
    func retries() {
        var queue = queue(1, to: [Self.here])
        var now = Self.start
        var waits: [Int64] = []
        for attempt in 1...14 {
            let taken = queue.take(at: now, limit: 1)
            #expect(taken.count == 1)
            guard let delivery = taken.first else { return }
            let step = queue.finish(delivery, .failed(500, "no"), at: now, chance: 0)
            #expect(step.attempt.number == UInt32(attempt))
            #expect(step.attempt.outcome == .retrying)
            guard let next = step.retry?.next else { return }
            #expect(step.attempt.next == next)
            #expect(queue.take(at: WallTime(milliseconds: next.milliseconds - 1), limit: 1).isEmpty)
            waits.append((next.milliseconds - now.milliseconds) / 1000)
            now = next
        }
        #expect(waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600])
    }

    @Test("gives up when the notice is a day old")
    func givesUp() {
        var queue = queue(1, to: [Self.here])
        let taken = queue.take(at: Self.start, limit: 1)
        let end = later(DeliveryQueue.ageLimit - 1999)
        let step = queue.finish(taken[0], .failed(nil, "no"), at: end, chance: 0)
        #expect(step.attempt.outcome == .failed)
        #expect(step.removed == [1])
        #expect(step.retry == nil)
        #expect(queue.count == 0)
    }

    @Test("waits less by chance, but never less than half")
    func chance() {
        #expect(DeliveryQueue.wait(after: 1, chance: 0) == 2000)
        #expect(DeliveryQueue.wait(after: 1, chance: 0.5) == 1500)
        #expect(DeliveryQueue.wait(after: 1, chance: 1) == 1000)
        #expect(DeliveryQueue.wait(after: .max, chance: 1) == 1_800_000)
    }

    @Test("lets everybody have a turn, however much waits for those who take nothing")
    func rest() {
        let dead = (10..<26).map { NoticeDestination.webhook(WebhookID(rawValue: $0)) }
        var queue = queue(10, to: dead)
        let other = queue.deliveries(of: notice(99), to: [Self.here], at: later(1))
        queue.add(other)
        let first = queue.take(at: later(1), limit: 16)
        #expect(Set(first.map(\.destination)) == Set(dead))
        for delivery in first {
            _ = queue.finish(delivery, .failed(nil, "no"), at: later(10_000), chance: 0)
        }
        #expect(queue.take(at: later(10_000), limit: 16) == other)
        #expect(queue.take(at: later(11_999), limit: 16).isEmpty)
        // One each, as far as there is room.
        #expect(queue.take(at: later(12_000), limit: 16).count == 15)
    }

    @Test("tries a receiver again within a minute, and sends on at once when it is back")
    func restEnds() throws {
        var queue = queue(1, to: [Self.here])
        var now = Self.start
        var retry: Delivery?
        for _ in 1...8 {
            now = retry?.next ?? now
            let delivery = try #require(queue.take(at: now, limit: 16).first)
            retry = queue.finish(delivery, .failed(503, "no"), at: now, chance: 0).retry
        }
        #expect(retry?.next.milliseconds == now.milliseconds + 256_000)
        for number in 2...4 {
            queue.add(queue.deliveries(of: notice(UInt128(number)), to: [Self.here], at: now))
        }
        func later(_ milliseconds: Int64) -> WallTime {
            WallTime(milliseconds: now.milliseconds + milliseconds)
        }
        #expect(queue.take(at: later(59_999), limit: 16).isEmpty)
        for sequence: UInt64 in 2...4 {
            let taken = queue.take(at: later(60_000), limit: 16)
            #expect(taken.map(\.sequence) == [sequence])
            for delivery in taken {
                _ = queue.finish(delivery, .delivered(204), at: later(60_000), chance: 0)
            }
        }
        #expect(queue.take(at: later(256_000), limit: 16).map(\.sequence) == [1])
    }

    @Test("forgets everything for a receiver that is gone, and nothing for others")
    func gone() {
        var queue = queue(3, to: [Self.here, Self.there])
        let taken = queue.take(at: Self.start, limit: 16)
        let step = queue.finish(taken[0], .gone, at: Self.start, chance: 0)
        #expect(step.isGone)
        #expect(step.removed == [1, 3, 5])
        #expect(queue.count == 3)
    }

    @Test("says which are the oldest when there are too many")
    func excess() {
        let count = DeliveryQueue.countLimit / 2
        let queue = queue(count, to: [Self.here, Self.there])
        #expect(queue.excess(adding: 0).isEmpty)
        #expect(queue.excess(adding: 3) == [1, 2, 3])
    }

    @Test("goes on after a start with what was waiting, and numbers what is new behind it")
    func restart() {
        var old = queue(2, to: [Self.here])
        let kept =
            old.take(at: Self.start, limit: 1)
            + old.deliveries(
                of: notice(9),
                to: [Self.there],
                at: Self.start
            )
        var queue = DeliveryQueue(kept)
        #expect(queue.take(at: Self.start, limit: 16).map(\.sequence) == [1, 3])
        let made = queue.deliveries(of: notice(10), to: [Self.here], at: Self.start)
        #expect(made.map(\.sequence) == [4])
    }
}
