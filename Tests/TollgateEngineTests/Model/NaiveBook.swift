internal import TollgateCore
internal import TollgateEngine

/// What the engine should say, by a list of everything that was ever charged and plain sums over it.
///
/// Written from the promises that are made to callers, not from the engine's code.
struct NaiveBook {
    enum Standing: Equatable {
        case open
        case expired
        case settled(cost: Int64)
        case withdrawn
        case forgotten
    }

    struct Charge {
        let reservation: ReservationID
        let key: KeyID
        /// From the key upwards, each with the windows that it was charged in.
        let subjects: [(id: SubjectID, windows: [CalendarPeriod: Int])]
        /// Of those whose tokens were limited to so many a minute, how fast.
        let flows: [SubjectID: NaiveBucket.Pace]
        let reserved: Amounts
        let input: UInt64
        let price: ModelPrice?
        let chargedAt: Int64
        var counted: Amounts
        var standing = Standing.open
        var isHeld = true
    }

    struct Question {
        let key: KeyID
        let tokens: UInt64
        let input: UInt64
        let hasModel: Bool
        let price: ModelPrice?
        var isDryRun = false
    }

    struct Answer: Equatable {
        var reason: Reason
        var limit: LimitName?
        var level: LimitLevel?
        var retryAfter: UInt64 = 0
        var affordable: UInt64 = 0
        var charge: Amounts?
        var monitored = Reason.allowed
    }

    struct Tally: Equatable {
        var used: [CalendarPeriod: Amounts] = [:]
        var held = Amounts.zero
        var openHolds: Int64 = 0
    }

    let windows: NaiveWindows
    var keys: [KeyID: KeyRecord] = [:]
    var groups: [GroupID: GroupRecord] = [:]
    var subjects: [SubjectID: NaiveSubject] = [:]
    var charges: [Charge] = []
    /// What was given back or turned out to be used in this turn: it counts when that is written.
    var ends: [(place: Int, used: Amounts)] = []

    /// The most tokens that one request may ask for.
    static let mostTokens: UInt64 = 1 << 40

    // MARK: Checks

    mutating func check(
        _ question: Question,
        as reservation: ReservationID?,
        at now: Now
    ) -> Answer {
        guard let key = keys[question.key] else { return Answer(reason: .invalidAPIKey) }
        let chain = chain(of: key)
        if key.status != .enabled || chain.contains(where: { subjects[$0]?.isEnabled == false }) {
            return Answer(reason: .keyDisabled)
        }
        for id in chain { open(id, at: now.wall) }
        let countsCost = chain.contains { subjects[$0]?.countsCost == true }
        let tokens = max(question.tokens, question.input)
        var answer = Answer(reason: .allowed)
        if countsCost, question.price == nil, question.hasModel || tokens > 0 {
            answer.reason = .pricingNotAllowed
        } else if let stop = stop(question, tokens, chain, now) {
            answer = stop
            if stop.reason.isAboutTokens {
                answer.affordable = affordable(question, chain, now)
            }
        }
        let charge = amounts(question, tokens, chain)
        if key.enforcement == .monitor {
            // What cannot be counted is not let through for anybody.
            guard charge != nil else { return Answer(reason: .requestTooLarge) }
            answer = Answer(reason: .allowed, monitored: answer.reason)
        }
        guard answer.reason == .allowed, let charge else { return answer }
        answer.charge = charge
        if !question.isDryRun, let reservation { count(question, charge, chain, reservation, now) }
        if answer.monitored != .allowed { excuse(chain) }
        return answer
    }

    /// What a request takes at most; nil when no number can say, or none what it makes of the sums.
    private func amounts(
        _ question: Question,
        _ tokens: UInt64,
        _ chain: [SubjectID]
    ) -> Amounts? {
        guard let amounts = amounts(question, tokens) else { return nil }
        for tally in chain.map(tally) {
            for sum in [tally.used[.total] ?? .zero, tally.held] {
                for part in [Metered.requests, .tokens, .cost]
                where Int128(sum[part]) + Int128(amounts[part]) > Int64.max { return nil }
            }
        }
        return amounts
    }

    private func amounts(_ question: Question, _ tokens: UInt64) -> Amounts? {
        guard tokens <= NaiveBook.mostTokens else { return nil }
        guard let price = question.price else { return Amounts(requests: 1, tokens: Int64(tokens)) }
        let input = Int128(max(price.input, price.cachedInput ?? price.input))
        let output = Int128(price.output)
        let picos =
            question.input == 0
            ? Int128(tokens) * max(input, output)
            : Int128(question.input) * input + Int128(tokens - question.input) * output
        let nanos = NaiveBucket.ceiling(picos, 1000)
        guard nanos <= Int64.max else { return nil }
        return Amounts(requests: 1, tokens: Int64(tokens), cost: Int64(nanos))
    }

    /// Why so many tokens would not pass.
    private func stop(
        _ question: Question,
        _ tokens: UInt64,
        _ chain: [SubjectID],
        _ now: Now
    ) -> Answer? {
        guard let charge = amounts(question, tokens) else {
            return Answer(reason: .requestTooLarge)
        }
        for stage in 0...2 {
            var longest: (wait: Int128, answer: Answer)?
            for id in chain {
                guard let subject = subjects[id] else { continue }
                let tally = tally(of: id)
                for limit in subject.limits where limit.stage == stage {
                    let wait = wait(charge, limit, subject, tally, now)
                    guard let wait, wait > longest?.wait ?? 0 else { continue }
                    var answer = Answer(reason: limit.reason)
                    answer.limit = limit.name
                    answer.level = subject.level
                    let milliseconds = NaiveBucket.ceiling(wait, 1_000_000)
                    answer.retryAfter = wait == .max ? 0 : UInt64(milliseconds)
                    longest = (wait, answer)
                }
            }
            if let longest { return longest.answer }
        }
        // What is stopped by no limit may still be more than sums can say.
        return amounts(question, tokens, chain) == nil ? Answer(reason: .requestTooLarge) : nil
    }

    /// How many nanoseconds a limit makes a charge wait: nil for none, the highest number for ever.
    private func wait(
        _ charge: Amounts,
        _ limit: NaiveSubject.Limit,
        _ subject: NaiveSubject,
        _ tally: Tally,
        _ now: Now
    ) -> Int128? {
        switch limit.kind {
        case .request: return charge.tokens > limit.amount ? .max : nil
        case .open: return tally.openHolds >= limit.amount ? 1_000_000_000 : nil
        case .bucket(let pace, let metered):
            let bucket = subject.bucket(limit.name, pace)
            let wait = bucket.wait(for: Int128(charge[metered]), at: now.monotonic.nanoseconds)
            return wait == 0 ? nil : wait ?? .max
        case .window(let period, let metered):
            let used = tally.used[period]?[metered] ?? 0
            if used + charge[metered] <= limit.amount { return nil }
            if period == .total || charge[metered] > limit.amount { return .max }
            let window = subject.opened[period] ?? 0
            let end = windows.end(of: window, period, in: subject.zone, after: now.wall)
            return Int128(end - now.wall.milliseconds) * 1_000_000
        }
    }

    /// The most tokens that would pass, by trying.
    private func affordable(_ question: Question, _ chain: [SubjectID], _ now: Now) -> UInt64 {
        guard stop(question, question.input, chain, now) == nil else { return 0 }
        var low = question.input
        var high = NaiveBook.mostTokens
        while low < high {
            let middle = low + (high - low + 1) / 2
            if stop(question, middle, chain, now) == nil { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private mutating func count(
        _ question: Question,
        _ charge: Amounts,
        _ chain: [SubjectID],
        _ reservation: ReservationID,
        _ now: Now
    ) {
        charges.append(
            Charge(
                reservation: reservation,
                key: question.key,
                subjects: chain.map { ($0, subjects[$0]?.opened ?? [:]) },
                flows: flows(of: chain),
                reserved: charge,
                input: question.input,
                price: question.price,
                chargedAt: now.monotonic.nanoseconds,
                counted: charge
            )
        )
        for id in chain {
            for limit in subjects[id]?.limits ?? [] {
                guard case .bucket(let pace, let metered) = limit.kind else { continue }
                var bucket = subjects[id]?.bucket(limit.name, pace)
                bucket?.take(Int128(charge[metered]), at: now.monotonic.nanoseconds)
                subjects[id]?.buckets[limit.name] = bucket
            }
        }
    }
}

extension NaiveBook {
    /// How fast tokens flow, for those whose flow is limited.
    private func flows(of chain: [SubjectID]) -> [SubjectID: NaiveBucket.Pace] {
        var flows: [SubjectID: NaiveBucket.Pace] = [:]
        for id in chain {
            for limit in subjects[id]?.limits ?? [] where limit.name == .tokensPerMinute {
                if case .bucket(let pace, _) = limit.kind { flows[id] = pace }
            }
        }
        return flows
    }
}

extension Reason {
    /// Whether a request for fewer tokens might pass.
    fileprivate var isAboutTokens: Bool {
        [
            .requestTooLarge, .tokenRateLimited, .tokenQuotaExceeded, .budgetExceeded,
            .balanceExhausted,
        ].contains(self)
    }
}
