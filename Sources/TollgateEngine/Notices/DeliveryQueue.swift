package import TollgateCore

/// Which notices are on their way, and what to do with each next.
///
/// Pure: time and chance are passed in, and what it returns is for the caller to write down and to
/// do. Of one destination only one delivery is out at a time, and none for a while after one that
/// was not taken: however much waits for who takes nothing, others have their turn.
package struct DeliveryQueue: Sendable {
    /// The most deliveries that wait; beyond that the oldest are dropped.
    package static let countLimit = 10_000
    /// How long a notice is tried, in milliseconds: a day.
    package static let ageLimit: Int64 = 86_400_000
    /// The first wait and the longest, in milliseconds: 2 seconds, 1 hour.
    private static let firstWait: Int64 = 2000
    private static let longestWait: Int64 = 3_600_000
    /// How long a destination rests at most, in milliseconds: a minute, for it may be back.
    private static let longestRest: Int64 = 60_000

    /// What came of an attempt.
    package enum Result: Equatable, Sendable {
        /// It was taken, with this status.
        case delivered(UInt16)
        /// The receiver has answered 410: it wants nothing any more.
        case gone
        /// It was not taken; the status, when there was an answer, and why.
        case failed(UInt16?, String)
    }

    /// What follows from an attempt.
    package struct Step: Equatable, Sendable {
        package var attempt: DeliveryAttempt
        /// The delivery as it is tried later.
        package var retry: Delivery?
        /// The deliveries that are over, by their sequences.
        package var removed: [UInt64] = []
        /// Whether nothing is to be sent there any more.
        package var isGone = false
    }

    private var waiting: [UInt64: Delivery]
    private var out: [UInt64: Delivery] = [:]
    private var busy: Set<NoticeDestination> = []
    /// Until when nothing is sent to those that have not taken what was sent last.
    private var resting: [NoticeDestination: WallTime] = [:]
    private var newest: UInt64

    /// Goes on with what was waiting.
    package init(_ deliveries: [Delivery]) {
        waiting = Dictionary(deliveries.map { ($0.sequence, $0) }) { _, last in last }
        newest = waiting.keys.max() ?? 0
    }

    /// How many deliveries there are, those that are out included.
    package var count: Int { waiting.count + out.count }

    /// Makes deliveries of a notice.
    ///
    /// They are not queued before `add`: first they are written down.
    package mutating func deliveries(
        of notice: Notice,
        to destinations: [NoticeDestination],
        at now: WallTime
    ) -> [Delivery] {
        destinations.map { destination in
            newest += 1
            return Delivery(sequence: newest, destination: destination, notice: notice, next: now)
        }
    }

    /// Those that have to go so that others fit, the oldest first; they are not taken out before
    /// `remove`.
    package func excess(adding count: Int) -> [UInt64] {
        let over = self.count + count - DeliveryQueue.countLimit
        return over > 0 ? Array(waiting.keys.sorted().prefix(over)) : []
    }

    /// Queues deliveries.
    package mutating func add(_ deliveries: [Delivery]) {
        for delivery in deliveries { waiting[delivery.sequence] = delivery }
    }

    /// Forgets deliveries that wait.
    package mutating func remove(_ sequences: [UInt64]) {
        for sequence in sequences { waiting[sequence] = nil }
    }

    /// What waits for a destination that is no more.
    package func sequences(to destination: NoticeDestination) -> [UInt64] {
        waiting.values.filter { $0.destination == destination }.map(\.sequence).sorted()
    }

    /// Takes out what is to be tried now, the longest due first; each must come back to `finish`.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - limit: how many may be out at once.
    /// - Returns: the deliveries, which are out then.
    package mutating func take(at now: WallTime, limit: Int) -> [Delivery] {
        resting = resting.filter { $0.value > now }
        var first: [NoticeDestination: Delivery] = [:]
        for delivery in waiting.values
        where delivery.next <= now && isFree(delivery.destination) {
            if let other = first[delivery.destination], other.isDue(before: delivery) { continue }
            first[delivery.destination] = delivery
        }
        var taken: [Delivery] = []
        for delivery in first.values.sorted(by: { $0.isDue(before: $1) }) {
            guard out.count < limit else { break }
            busy.insert(delivery.destination)
            waiting[delivery.sequence] = nil
            out[delivery.sequence] = delivery
            taken.append(delivery)
        }
        return taken
    }

    private func isFree(_ destination: NoticeDestination) -> Bool {
        !busy.contains(destination) && resting[destination] == nil
    }

    /// Forgets a delivery that was taken out: nobody wants it any more.
    package mutating func withdraw(_ delivery: Delivery) {
        out[delivery.sequence] = nil
        busy.remove(delivery.destination)
    }

    /// Takes in what came of an attempt.
    ///
    /// - Parameters:
    ///   - delivery: as `take` has given it out.
    ///   - result: what came of it.
    ///   - now: the time.
    ///   - chance: at random from 0 up to 1; spreads the next attempts of many over time.
    /// - Returns: what is to be written down, and what follows.
    package mutating func finish(
        _ delivery: Delivery,
        _ result: Result,
        at now: WallTime,
        chance: Double
    ) -> Step {
        out[delivery.sequence] = nil
        busy.remove(delivery.destination)
        let number = delivery.attempts.addingReportingOverflow(1).partialValue
        func attempt(_ outcome: DeliveryAttempt.Outcome) -> DeliveryAttempt {
            DeliveryAttempt(delivery.notice, number: number, time: now, outcome: outcome)
        }
        switch result {
        case .delivered(let status):
            var step = Step(attempt: attempt(.delivered), removed: [delivery.sequence])
            step.attempt.status = status
            return step
        case .gone:
            let others = sequences(to: delivery.destination)
            remove(others)
            var step = Step(attempt: attempt(.failed), removed: [delivery.sequence] + others)
            step.isGone = true
            step.attempt.status = 410
            step.attempt.error = "The receiver is gone; nothing is sent there any more."
            return step
        case .failed(let status, let error):
            var step = retry(delivery, number, at: now, chance: chance)
            step.attempt.status = status
            step.attempt.error = error
            return step
        }
    }

    private mutating func retry(
        _ delivery: Delivery,
        _ number: UInt32,
        at now: WallTime,
        chance: Double
    ) -> Step {
        let wait = DeliveryQueue.wait(after: number, chance: chance)
        let next = WallTime(milliseconds: now.milliseconds.addingSaturated(wait))
        rest(delivery.destination, for: wait, from: now)
        let end = delivery.notice.time.milliseconds.addingSaturated(DeliveryQueue.ageLimit)
        func attempt(_ outcome: DeliveryAttempt.Outcome) -> DeliveryAttempt {
            DeliveryAttempt(delivery.notice, number: number, time: now, outcome: outcome)
        }
        guard next.milliseconds <= end else {
            return Step(attempt: attempt(.failed), removed: [delivery.sequence])
        }
        var later = delivery
        later.attempts = number
        later.next = next
        waiting[later.sequence] = later
        var step = Step(attempt: attempt(.retrying), retry: later)
        step.attempt.next = next
        return step
    }

    private mutating func rest(
        _ destination: NoticeDestination,
        for wait: Int64,
        from now: WallTime
    ) {
        guard resting.count < DeliveryQueue.countLimit else { return }
        let rest = min(wait, DeliveryQueue.longestRest)
        resting[destination] = WallTime(milliseconds: now.milliseconds.addingSaturated(rest))
    }

    /// How long to wait after so many attempts, in milliseconds: twice as long each time, up to an
    /// hour, less up to half of it by chance.
    package static func wait(after attempts: UInt32, chance: Double) -> Int64 {
        let doublings = Int64(min(max(attempts, 1) - 1, 20))
        let whole = min(firstWait << doublings, longestWait)
        let share = min(max(chance, 0), 1)
        return whole - Int64(Double(whole / 2) * share)
    }
}

extension Delivery {
    /// Whether this is to be tried before another, of those that are due.
    fileprivate func isDue(before other: Delivery) -> Bool {
        (next, sequence) < (other.next, other.sequence)
    }
}
