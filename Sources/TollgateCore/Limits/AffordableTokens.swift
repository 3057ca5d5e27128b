/// How much a request may ask for.
extension MeterChain {
    /// The most tokens with which the same request would pass now.
    ///
    /// - Parameters:
    ///   - inputTokens: the prompt, which cannot become smaller; 0 when it is not known.
    ///   - price: what tokens cost; nil when they cost nothing.
    ///   - now: the time, to which the windows were rolled.
    /// - Returns: how many; 0 when it would pass with none.
    package func affordableTokens(
        inputTokens: UInt64,
        price: ModelPrice?,
        _ now: Now
    ) -> UInt64 {
        var tokens = Charge.highestTokens
        for level in 0..<MeterChain.levelCount {
            guard let meter = self[level] else { continue }
            // Also without a limit: what cannot be counted is not allowed.
            let room = meter.counters.room
            if room.requests < 1 { return 0 }
            tokens = min(tokens, UInt64(room.tokens))
            if let price {
                let room = Money(nanos: room.cost)
                tokens = min(tokens, price.tokens(affordableFor: room, inputTokens))
            }
            for place in 0..<meter.rules.count {
                let limit = meter.rules[place]
                switch limit.metered {
                case .tokens:
                    let left = meter.state(of: limit, now).remaining
                    tokens = min(tokens, UInt64(clamping: left))
                case .cost:
                    let left = Money(nanos: meter.state(of: limit, now).remaining)
                    // What is overdrawn stops also what costs nothing.
                    if left < .zero { return 0 }
                    guard let price else { continue }
                    tokens = min(tokens, price.tokens(affordableFor: left, inputTokens))
                case .requests, .holds:
                    if meter.state(of: limit, now).remaining < 1 { return 0 }
                }
            }
        }
        return tokens < inputTokens ? 0 : tokens
    }
}

extension DecisionSubject {
    /// The most tokens with which the same request would pass now, as far as limits and what is usual
    /// for the key have a say.
    ///
    /// The parameters are those of the chain's.
    func affordableTokens(
        inputTokens: UInt64,
        price: ModelPrice?,
        _ now: Now
    ) -> UInt64 {
        let most = chain.affordableTokens(inputTokens: inputTokens, price: price, now)
        guard rules.anomaly?.isBlocking == true, isUnusual(tokens: most) else { return most }
        if isUnusual(tokens: inputTokens) { return 0 }
        // What is usual with some tokens is so with fewer.
        var (usual, unusual) = (inputTokens, most)
        while unusual - usual > 1 {
            let middle = usual + (unusual - usual) / 2
            if isUnusual(tokens: middle) { unusual = middle } else { usual = middle }
        }
        return usual
    }

    private func isUnusual(tokens: UInt64) -> Bool {
        isUnusual(Charge(tokens: tokens, cost: .zero))
    }
}

extension ModelPrice {
    /// The most tokens whose highest cost an amount covers; 0 when it does not cover the prompt.
    package func tokens(affordableFor money: Money, _ inputTokens: UInt64) -> UInt64 {
        guard money >= .zero else { return 0 }
        let picos = UInt128(UInt64(money.nanos)) * 1000
        let dearestInput = max(input, cachedInput ?? 0)
        guard inputTokens > 0 else {
            let dearest = max(dearestInput, output)
            return dearest == 0 ? .max : UInt64(clamping: picos / UInt128(dearest))
        }
        let prompt = UInt128(inputTokens) * UInt128(dearestInput)
        guard prompt <= picos else { return 0 }
        if output == 0 { return .max }
        let generated = UInt64(clamping: (picos - prompt) / UInt128(output))
        let (tokens, overflow) = generated.addingReportingOverflow(inputTokens)
        return overflow ? .max : tokens
    }
}
