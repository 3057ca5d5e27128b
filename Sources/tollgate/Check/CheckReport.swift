internal import TollgateAdmin
internal import TollgateCore

/// An answer of the RPC, printed.
enum CheckReport {
    /// The answer with the names of `tollgate.v1.CheckResponse`.
    static func json(_ answer: CheckAnswer) -> JSONValue {
        [
            "allowed": .bool(answer.isAllowed),
            "reason": .string(answer.reason),
            "message": .string(answer.message),
            "http_status": .integer(Int64(answer.httpStatus)),
            "reservation_id": .string(answer.reservationID),
            "key_id": .string(answer.keyID),
            "reserved_cost_nanos": .integer(answer.reservedCostNanos),
            "retry_after_ms": JSONValue(answer.retryAfterMilliseconds),
            "affordable_tokens": JSONValue(answer.affordableTokens),
            "limits": .array(answer.limits.map { json($0) }),
            "explanation": JSONValue(answer.explanation),
            "monitored_reason": .string(answer.monitoredReason),
        ]
    }

    private static func json(_ limit: CheckAnswer.Limit) -> JSONValue {
        [
            "name": .string(limit.name),
            "level": .string(limit.level),
            "limit": .integer(limit.limit),
            "remaining": .integer(limit.remaining),
            "reset_ms": JSONValue(limit.resetMilliseconds),
        ]
    }

    /// The lines that people read: the verdict, what it rests on, and what is left.
    static func lines(_ answer: CheckAnswer) -> [String] {
        var lines = [answer.isAllowed ? "allowed" : "denied: \(answer.message)"]
        var facts = Table(["FIELD", "VALUE"])
        func add(_ name: String, _ value: String, if isKnown: Bool) {
            if isKnown { facts.add([name, value]) }
        }
        add("reason", answer.reason, if: !answer.reason.isEmpty)
        add("would be denied", answer.monitoredReason, if: !answer.monitoredReason.isEmpty)
        add("status", "\(answer.httpStatus)", if: !answer.isAllowed)
        add("key", answer.keyID, if: !answer.keyID.isEmpty)
        add("reservation", answer.reservationID, if: !answer.reservationID.isEmpty)
        add(
            "retry after",
            "\(answer.retryAfterMilliseconds) ms",
            if: answer.retryAfterMilliseconds > 0
        )
        add("affordable tokens", "\(answer.affordableTokens)", if: answer.affordableTokens > 0)
        lines += facts.lines(withHeadings: false)
        if !answer.limits.isEmpty {
            var limits = Table(["LIMIT", "LEVEL", "OF", "REMAINING", "RESETS IN"])
            for limit in answer.limits {
                limits.add([
                    limit.name, limit.level, amount(limit.limit, of: limit),
                    amount(limit.remaining, of: limit), "\(limit.resetMilliseconds) ms",
                ])
            }
            lines += [""] + limits.lines()
        }
        if !answer.explanation.isEmpty { lines += [""] + answer.explanation }
        return lines.map { Terminal.printable($0) }
    }

    /// An amount of a limit: of those on money in USD, which the RPC tells in nano-USD.
    private static func amount(_ amount: Int64, of limit: CheckAnswer.Limit) -> String {
        let isMoney = limit.name.hasPrefix("budget_limits.") || limit.name == "balance"
        return isMoney ? "\(FixedPoint.text(amount, decimals: 9)) USD" : "\(amount)"
    }
}
