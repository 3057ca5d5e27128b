/// The answer to a `CheckRequest`.
///
/// A trivial value: copying it costs nothing and it owns nothing.
package struct Verdict: Sendable {
    /// `.allowed`, or why not.
    package let reason: Reason

    /// The key that was found; nil when none was.
    package let keyID: KeyID?

    /// The name under which usage is reported; `.none` when denied or a dry run.
    package let reservation: ReservationID

    /// What an allowed request takes of every limit; nil when denied.
    package let charge: Charge?

    /// The limit that stopped the request, nil when none did.
    package let limit: LimitDenial?

    /// The largest number of tokens that would pass; 0 unless the request was denied for its tokens
    /// or what they cost.
    package let affordableTokens: UInt64

    /// Why an allowed request would have been denied, were the key's rules enforced; `.allowed` when
    /// it would not.
    package let monitored: Reason

    /// Whether somebody is to be told when an allowed request brings the key near one of its limits.
    package let isWatched: Bool

    /// Whether the request was found to be unlike what the key is used for; `AnomalyRule`.
    package let isUnusual: Bool
    /// The rules of the key that were found in the request's content, a bit for each.
    package let found: UInt64

    /// Whether nothing is decided yet: the request's content has to be read first.
    package let needsContent: Bool

    /// Whether the request may pass.
    package var isAllowed: Bool { reason == .allowed }

    /// A denial that no limit has to do with.
    package init(denying reason: Reason, keyID: KeyID?) {
        self.init(denying: Objection(reason), keyID: keyID)
    }

    /// A denial.
    init(denying objection: Objection, keyID: KeyID?, found: UInt64 = 0) {
        precondition(objection.reason != .allowed)
        reason = objection.reason
        self.keyID = keyID
        reservation = .none
        charge = nil
        limit = objection.limit
        affordableTokens = objection.affordableTokens
        monitored = .allowed
        isWatched = false
        isUnusual = objection.reason == .anomalyBlocked
        self.found = found
        needsContent = objection.needsContent
    }

    /// An allow: only `Decide` may make one, which is why it is in this file, and makes it in one place.
    fileprivate init(
        allowing keyID: KeyID,
        _ charge: Charge,
        reservation: ReservationID,
        monitored: Reason,
        isWatched: Bool,
        isUnusual: Bool,
        found: UInt64
    ) {
        reason = .allowed
        self.keyID = keyID
        self.reservation = reservation
        self.charge = charge
        limit = nil
        affordableTokens = 0
        self.monitored = monitored
        self.isWatched = isWatched
        self.isUnusual = isUnusual
        self.found = found
        needsContent = false
    }
}

/// The decision: pure, the same for the same question, rules, counters and time.
package enum Decide {
    /// Decides a question that names a key we know.
    ///
    /// Counts nothing yet.
    ///
    /// - Parameters:
    ///   - request: the question.
    ///   - subject: the key that the request's secret belongs to.
    ///   - price: what the model costs that is asked for.
    ///   - supplier: what is known of the endpoint that it is to go to.
    ///   - now: the time of the turn.
    ///   - reservation: the name that an allowed request gets.
    /// - Returns: the verdict; it counts only once it is in the journal.
    package static func verdict(
        on request: borrowing CheckRequest,
        by subject: DecisionSubject,
        price: RequestPrice,
        supplier: RequestSupplier = .any,
        at now: Now,
        reservation: ReservationID
    ) -> Verdict {
        let rules = subject.rules
        if let reason = identityDenial(from: request.clientIP, subject, at: now.wall) {
            return Verdict(denying: reason, keyID: rules.id)
        }
        subject.chain.rollWindows(to: now.wall)
        let charge = charge(for: request, price)
        let isUnusual = charge.map { subject.isUnusual($0) } ?? false
        let objection = objection(to: request, subject, price, supplier, charge, isUnusual, now)
        let found = rules.content.map { request.content.found(by: $0) } ?? 0
        if let objection, objection.needsContent || rules.enforcement == .enforce {
            return Verdict(denying: objection, keyID: rules.id, found: found)
        }
        // What cannot be counted does not pass for keys that are only monitored, either.
        guard let charge, objection == nil || subject.chain.hasRoom(for: charge) else {
            return Verdict(denying: .requestTooLarge, keyID: rules.id)
        }
        // Nor does what has nowhere to go.
        if let reason = supplier.denial(of: request) {
            return Verdict(denying: reason, keyID: rules.id)
        }
        return Verdict(
            allowing: rules.id,
            charge,
            reservation: request.isDryRun ? .none : reservation,
            monitored: objection?.reason ?? .allowed,
            isWatched: rules.isWatched,
            isUnusual: isUnusual,
            found: found
        )
    }

    /// Decides a question whose secret belongs to no key, or that has none.
    package static func verdict(
        withoutKey credentials: CheckRequest.Credentials
    ) -> Verdict {
        switch credentials {
        case .missing: Verdict(denying: .missingAPIKey, keyID: nil)
        case .ambiguous: Verdict(denying: .ambiguousCredentials, keyID: nil)
        case .presented, .unusable: Verdict(denying: .invalidAPIKey, keyID: nil)
        }
    }

    /// What the request would take of every limit; nil when that is beyond all measure.
    static func charge(for request: borrowing CheckRequest, _ price: RequestPrice) -> Charge? {
        let tokens = request.mostTokens
        guard tokens <= Charge.highestTokens else { return nil }
        guard let price = price.known else { return Charge(tokens: tokens, cost: .zero) }
        let cost = price.highestCost(tokens: tokens, input: request.inputTokens)
        return cost.map { Charge(tokens: tokens, cost: $0) }
    }

    /// The first reason against the request, in the order that callers are promised: what it names,
    /// the policies of the key and the groups above it, its size, its content, whether it is unusual,
    /// rates, then quotas and budgets.
    private static func objection(
        to request: borrowing CheckRequest,
        _ subject: DecisionSubject,
        _ price: RequestPrice,
        _ supplier: RequestSupplier,
        _ charge: Charge?,
        _ isUnusual: Bool,
        _ now: Now
    ) -> Objection? {
        let chain = subject.chain
        if let reason = denialOfNames(in: request, subject, supplier) { return Objection(reason) }
        for level in 0..<MeterChain.levelCount {
            guard let policy = subject.policy(at: level), let meter = chain[level] else { continue }
            let facts = facts(of: meter, price, now)
            if let denial = policy.denial(of: request, given: facts) {
                return Objection(denial.reason)
            }
        }
        if price.isDenied(countingCost: subject.countsCost, request) {
            return Objection(.pricingNotAllowed)
        }
        if request.hasUnknownPrompt, subject.countsSize { return Objection(.requestTooLarge) }
        let denial = charge.flatMap { chain.denial(of: $0, now) }
        if let content = subject.rules.content, charge != nil, denial?.limit.stage != .size,
            let objection = objection(toContentOf: request, content)
        {
            return objection
        }
        if isUnusual, denial?.limit.stage != .size, subject.rules.anomaly?.isBlocking == true {
            return Objection(.anomalyBlocked)
        }
        if let charge, denial == nil, chain.hasRoom(for: charge) { return nil }
        let reason = denial?.limit.reason ?? .requestTooLarge
        guard reason.dependsOnTokens else { return Objection(reason, limit: denial) }
        let affordable = subject.affordableTokens(
            inputTokens: request.inputTokens,
            price: price.known,
            now
        )
        return Objection(reason, limit: denial, affordableTokens: affordable)
    }

    /// What a policy's conditions are about besides the request: what was spent by whoever has the
    /// policy.
    static func facts(of meter: Meter, _ price: RequestPrice, _ now: Now) -> PolicyFacts {
        func spent(_ period: CalendarPeriod) -> Money {
            Money(nanos: meter.used(period).cost)
        }
        return PolicyFacts(
            now: now.wall,
            dailySpent: spent(.day),
            monthlySpent: spent(.month),
            totalSpent: spent(.total),
            price: price.forRules
        )
    }
}
