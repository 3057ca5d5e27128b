/// What one allowed request holds until it is known what it used.
package struct Hold: Equatable, Sendable {
    /// What was charged, at every level.
    package var amounts: Amounts
    /// Of the tokens, the prompt; 0 when it was not known.
    package var inputTokens: UInt64
    /// When it was charged.
    package var chargedAt: Now
    /// In which windows it was charged, by `LimitLevel.rawValue`.
    package var windows: [4 of WindowIDs]
    /// What the rates of tokens that it was charged to refill in a minute, by `LimitLevel.rawValue`;
    /// 0 where there was none.
    package var refills: [4 of UInt64]
    /// What the model costs that was asked for; nil when it has no price.
    package var price: ModelPrice?

    package init(
        amounts: Amounts,
        inputTokens: UInt64,
        chargedAt: Now,
        windows: [4 of WindowIDs],
        refills: [4 of UInt64] = [4 of UInt64](repeating: 0),
        price: ModelPrice?
    ) {
        self.amounts = amounts
        self.inputTokens = inputTokens
        self.chargedAt = chargedAt
        self.windows = windows
        self.refills = refills
        self.price = price
    }

    package static func == (left: Hold, right: Hold) -> Bool {
        for level in 0..<4
        where left.windows[level] != right.windows[level]
            || left.refills[level] != right.refills[level]
        { return false }
        return left.amounts == right.amounts && left.inputTokens == right.inputTokens
            && left.chargedAt == right.chargedAt && left.price == right.price
    }
}

/// What happens to holds that nobody settles.
///
/// The raw value is what is stored.
package enum UnsettledPolicy: UInt8, CaseIterable, Sendable {
    /// What was reserved counts as used.
    case charge = 1
    /// The prompt counts as used, or all that was reserved when it is not known how long it was.
    case chargeInput = 2
    /// Nothing counts as used.
    case release = 3

    /// The word that callers write.
    package var name: String {
        switch self {
        case .charge: "charge"
        case .chargeInput: "charge_input"
        case .release: "release"
        }
    }
}

/// What a request really used.
package struct Usage: Equatable, Sendable {
    package var tokens: TokenCounts
    /// What it cost.
    package var cost: Money
    /// Whether it never took place as far as quotas are concerned: nothing was generated or billed.
    package var isVoid: Bool

    package init(tokens: TokenCounts, cost: Money, isVoid: Bool = false) {
        self.tokens = tokens
        self.cost = cost
        self.isVoid = isVoid
    }

    /// What takes the place of the hold in the counters.
    package var amounts: Amounts {
        if isVoid { return .zero }
        let (sum, overflow) = tokens.input.addingReportingOverflow(tokens.output)
        return Amounts(
            requests: 1,
            tokens: overflow ? .max : Int64(clamping: sum),
            cost: cost.nanos
        )
    }
}

extension Hold {
    /// What the key's policy makes of a hold that nobody has settled in time.
    package func unsettled(_ policy: UnsettledPolicy) -> Amounts {
        switch policy {
        case .charge: return amounts
        case .release: return .zero
        case .chargeInput where inputTokens == 0:
            // Nobody knows how long the prompt was: it may have been all of it.
            return amounts
        case .chargeInput:
            let prompt = TokenCounts(input: inputTokens, output: 0)
            // What was held covers the prompt at its dearest, so it covers this.
            let cost = price.map { $0.cost(of: prompt) ?? Money(nanos: amounts.cost) } ?? .zero
            return Amounts(
                requests: 1,
                tokens: min(Int64(clamping: inputTokens), amounts.tokens),
                cost: min(cost.nanos, amounts.cost)
            )
        }
    }
}

/// The end of a hold as one subject's counters see it.
package struct SettledCharge: Equatable, Sendable {
    /// What was held; zero when the hold had already ended.
    package var held: Amounts
    /// What counted until now.
    package var counted: Amounts
    /// What counts from now on.
    package var used: Amounts
    package var isOpen: Bool
    package var chargedAt: MonotonicTime
    package var windows: WindowIDs
    /// What the rate of tokens that it was charged to refills in a minute; 0 when there was none.
    package var refill: UInt64

    package init(
        held: Amounts,
        counted: Amounts,
        used: Amounts,
        isOpen: Bool,
        chargedAt: MonotonicTime,
        windows: WindowIDs,
        refill: UInt64
    ) {
        self.held = held
        self.counted = counted
        self.used = used
        self.isOpen = isOpen
        self.chargedAt = chargedAt
        self.windows = windows
        self.refill = refill
    }

    /// The end of a hold at one level.
    ///
    /// - Parameters:
    ///   - hold: what was held.
    ///   - level: which level's counters are to see it.
    ///   - counted: what of it counts until now: all of it while the hold is open.
    ///   - used: what counts from now on.
    ///   - isOpen: whether the hold was open and now ends.
    package init(_ hold: Hold, level: Int, counted: Amounts, used: Amounts, isOpen: Bool) {
        self.init(
            held: isOpen ? hold.amounts : .zero,
            counted: counted,
            used: used,
            isOpen: isOpen,
            chargedAt: hold.chargedAt.monotonic,
            windows: hold.windows[level],
            refill: hold.refills[level]
        )
    }
}

extension Counters {
    /// Puts what was used in the place of what was held.
    ///
    /// Requests that were void count on no quota, but stay on the rates of requests: those protect
    /// what is behind the proxy, which has seen them. Tokens are given back to their rate, as they are
    /// by any request that uses fewer than were held; but not to one that was set since: it has not
    /// been charged, and would let through what was given to it.
    package mutating func settle(_ charge: SettledCharge, at now: MonotonicTime) {
        count(charge.used - charge.counted, in: charge.windows)
        if charge.isOpen { release(charge.held) }
        adjust(
            .tokensPerMinute,
            charged: UInt64(clamping: charge.counted.tokens),
            refill: charge.refill,
            chargedAt: charge.chargedAt,
            actual: UInt64(clamping: charge.used.tokens),
            at: now
        )
    }
}
