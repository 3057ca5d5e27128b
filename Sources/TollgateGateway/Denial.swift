internal import TollgateCore
internal import TollgateWire

/// What a denied client reads.
enum Denial {
    /// Writes the JSON body: `{"error":{"code","message","status","key_id"?,"limit"?,
    /// "affordable_tokens"?,"retry_after_ms"?}}`.
    static func writeBody(_ decision: Decision, to output: inout OutputBuffer) {
        let verdict = decision.verdict
        output.append(#"{"error":{"code":""#)
        output.append(verdict.reason.code)
        output.append(#"","message":""#)
        // Sentences are ours and hold nothing that JSON would have escaped.
        DecisionSentence.write(decision, to: &output)
        output.append(#"","status":"#)
        output.appendDecimal(UInt64(decision.status))
        if let id = verdict.keyID {
            output.append(#","key_id":""#)
            output.append(id)
            output.append(#"""#)
        }
        if let limit = verdict.limit {
            writeLimit(limit, decision.deniedLimit, to: &output)
        }
        if verdict.reason.dependsOnTokens {
            output.append(#","affordable_tokens":"#)
            output.appendDecimal(verdict.affordableTokens)
        }
        if let limit = verdict.limit {
            output.append(#","retry_after_ms":"#)
            output.appendDecimal(limit.retryAfter)
        }
        output.append("}}")
    }

    /// Writes `,"limit":{"name","level","limit","remaining","reset_ms","retry_after_ms"}`, money in
    /// USD.
    private static func writeLimit(
        _ denial: LimitDenial,
        _ state: LimitState?,
        to output: inout OutputBuffer
    ) {
        output.append(#","limit":{"name":""#)
        output.append(denial.limit.text)
        output.append(#"","level":""#)
        output.append(denial.level.text)
        output.append(#"""#)
        if let state {
            output.append(#","limit":"#)
            output.append(state.limit, of: state.metered)
            output.append(#","remaining":"#)
            output.append(state.remaining, of: state.metered)
            output.append(#","reset_ms":"#)
            output.appendDecimal(state.reset)
        }
        output.append(#","retry_after_ms":"#)
        output.appendDecimal(denial.retryAfter)
        output.append("}")
    }
}

extension OutputBuffer {
    /// Writes an amount of what a limit counts: a number, or USD.
    fileprivate mutating func append(_ amount: Int64, of metered: Metered) {
        metered == .cost ? append(Money(nanos: amount)) : appendDecimal(signed: amount)
    }
}
