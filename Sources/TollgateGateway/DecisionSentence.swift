package import TollgateCore
internal import TollgateWire

/// The sentence that tells a person what was decided.
///
/// Of a limit it names whose it is, what is left of it, whether waiting helps and how long, and what
/// would pass now. It holds no secret, no value of the request, and nothing that JSON would have
/// escaped.
package enum DecisionSentence {
    static func write(_ decision: Decision, to output: inout OutputBuffer) {
        let verdict = decision.verdict
        guard let denial = verdict.limit, let state = decision.deniedLimit else {
            if verdict.reason == .contentBlocked { return writeContent(decision, &output) }
            return output.append(verdict.reason.message)
        }
        let isForGood = denial.retryAfter == 0
        switch state.name {
        case .perRequestMax: writeSize(state, &output)
        case .perSecond: writeRate(state, "a second", &output)
        case .perMinute: writeRate(state, "a minute", &output)
        case .perHour: writeRate(state, "an hour", &output)
        case .perDay: writeRate(state, "a day", &output)
        case .tokensPerMinute: writeTokenRate(state, isForGood, &output)
        case .concurrent: writeConcurrency(state, &output)
        case .budgetDaily, .budgetWeekly, .budgetMonthly, .budgetTotal, .balance, .tokensDaily,
            .tokensMonthly, .tokensTotal, .requestsTotal:
            writeQuota(state, isForGood, &output)
        }
        writeWait(denial, &output)
        if verdict.affordableTokens > 0 {
            output.append("; at most ")
            output.append(verdict.affordableTokens, "token")
            output.append(" would pass now")
        }
        output.append(".")
    }

    /// The status and the sentence for who does not ask over a listener.
    ///
    /// - Parameters:
    ///   - verdict: what was decided.
    ///   - limits: what is left of the key's limits.
    ///   - configuration: which status stands for which reason.
    ///   - contentRules: those of the key.
    /// - Returns: both.
    package static func text(
        _ verdict: Verdict,
        _ limits: LimitReport,
        _ configuration: GatewayConfiguration,
        _ contentRules: ContentRules? = nil
    ) -> (status: UInt16, message: String) {
        let decision = Decision(verdict, limits, configuration, contentRules)
        var output = OutputBuffer()
        write(decision, to: &output)
        var message: [UInt8] = []
        for index in 0..<output.count { message.append(output[index]) }
        return (decision.status, String(decoding: message, as: UTF8.self))
    }

    // MARK: What

    private static func writeContent(_ decision: Decision, _ output: inout OutputBuffer) {
        guard let rule = decision.blockingRule else {
            output.append("The content of the request could not be read whole, and the API key has")
            output.append(" rules that block content; have the proxy send the whole body,")
            return output.append(" not compressed.")
        }
        output.append("The content of the request is blocked by the API key's rule ")
        output.append(rule.span)
        output.append(".")
    }

    private static func writeSize(_ state: LimitState, _ output: inout OutputBuffer) {
        output.append("One request of the ")
        output.append(state.level.noun)
        output.append(" may ask for at most ")
        output.append(UInt64(clamping: state.limit), "token")
    }

    private static func writeRate(
        _ state: LimitState,
        _ period: StaticString,
        _ output: inout OutputBuffer
    ) {
        output.append("The ")
        output.append(state.level.noun)
        output.append(" may send ")
        output.append(UInt64(clamping: state.limit), "request")
        output.append(" ")
        output.append(period)
        output.append(" and has none left")
    }

    private static func writeTokenRate(
        _ state: LimitState,
        _ isForGood: Bool,
        _ output: inout OutputBuffer
    ) {
        output.append(isForGood ? "The request asks for more tokens than the " : "The ")
        output.append(state.level.noun)
        output.append(isForGood ? ", with " : " may use ")
        output.append(UInt64(clamping: state.limit), "token")
        output.append(" a minute")
        if isForGood {
            output.append(", may ever use at once")
        } else if state.remaining > 0 {
            output.append(" and has ")
            output.appendDecimal(UInt64(clamping: state.remaining))
            output.append(" left, fewer than the request asks for")
        } else {
            output.append(" and has none left")
        }
    }

    private static func writeConcurrency(_ state: LimitState, _ output: inout OutputBuffer) {
        output.append("The ")
        output.append(state.level.noun)
        output.append(" may have ")
        output.append(UInt64(clamping: state.limit), "request")
        output.append(" open at the same time and has none left")
    }

    private static func writeQuota(
        _ state: LimitState,
        _ isForGood: Bool,
        _ output: inout OutputBuffer
    ) {
        let isMoney = state.metered == .cost
        // Were it only used up, waiting for the next window would help.
        let isTooSmall = isForGood && state.name.comesBack
        if isTooSmall {
            output.append(isMoney ? "The request may cost more" : "The request asks for more")
            output.append(" than the whole ")
        } else {
            output.append("The ")
        }
        output.append(state.name.noun)
        output.append(" of the ")
        output.append(state.level.noun)
        // What was ever paid in says nothing to who asks.
        if state.name != .balance {
            output.append(", ")
            output.append(state.limit, of: state.metered)
            if !isTooSmall { output.append(",") }
        }
        if isTooSmall { return }
        guard state.remaining > 0 else { return output.append(" is used up") }
        output.append(" has ")
        output.append(state.remaining, of: state.metered)
        output.append(" left, and the request ")
        output.append(isMoney ? "may cost more" : "asks for more")
    }

    // MARK: When

    private static func writeWait(_ denial: LimitDenial, _ output: inout OutputBuffer) {
        if denial.retryAfter == 0 { return output.append("; waiting does not help") }
        switch denial.limit {
        case .concurrent: return output.append("; retry when one of them has ended")
        case .perSecond, .perMinute, .perHour, .perDay, .tokensPerMinute:
            output.append("; retry in ")
        default: output.append("; it is new again in ")
        }
        output.append(milliseconds: denial.retryAfter)
    }
}

extension LimitName {
    /// What people call a quota.
    fileprivate var noun: StaticString {
        switch self {
        case .budgetDaily: "daily budget"
        case .budgetWeekly: "weekly budget"
        case .budgetMonthly: "monthly budget"
        case .budgetTotal: "total budget"
        case .balance: "prepaid balance"
        case .tokensDaily: "daily token quota"
        case .tokensMonthly: "monthly token quota"
        case .tokensTotal: "total token quota"
        case .requestsTotal: "request quota"
        case .perRequestMax, .perSecond, .perMinute, .perHour, .perDay, .tokensPerMinute,
            .concurrent:
            "limit"
        }
    }
}

extension LimitLevel {
    /// What people call who is limited.
    fileprivate var noun: StaticString { self == .key ? "API key" : text }
}

extension OutputBuffer {
    /// Writes how many of a thing there are: `1 token`, `2 tokens`.
    fileprivate mutating func append(_ count: UInt64, _ noun: StaticString) {
        appendDecimal(count)
        append(" ")
        append(noun)
        if count != 1 { append("s") }
    }

    /// Writes an amount of what a limit counts, with its unit.
    fileprivate mutating func append(_ amount: Int64, of metered: Metered) {
        switch metered {
        case .cost:
            append(Money(nanos: amount))
            append(" USD")
        case .tokens: append(UInt64(clamping: amount), "token")
        case .requests, .holds: append(UInt64(clamping: amount), "request")
        }
    }

    /// Writes a time in at most two units, rounded up: `3 days and 4 hours`.
    fileprivate mutating func append(milliseconds: UInt64) {
        let units: [4 of (length: UInt64, noun: StaticString)] = [
            (86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second"),
        ]
        var place = 0
        while place < 3, milliseconds < units[place].length { place += 1 }
        let small = units[Swift.min(place + 1, 3)]
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: small.length)
        let count = whole + (rest == 0 ? 0 : 1)
        let ratio = units[place].length / small.length
        append(count / ratio, units[place].noun)
        if count % ratio > 0 {
            append(" and ")
            append(count % ratio, small.noun)
        }
    }
}
