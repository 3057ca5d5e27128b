package import TollgateCore

/// Writes `tollgate.v1.CheckResponse`.
///
/// An empty one is a denial, so nothing that is forgotten can allow.
package enum NativeCheckResponse {
    /// What an answer says besides its verdict; nothing by default.
    package struct Details: Sendable {
        package var reservedCostNanos: Int64 = 0
        package var retryAfterMilliseconds: UInt64 = 0
        package var affordableTokens: UInt64 = 0
        /// What a proxy should answer; by default what goes with the reason.
        package var status: UInt32?

        package init() {}
    }

    /// Writes an answer but for its limits and explanation, which follow it.
    ///
    /// - Parameters:
    ///   - verdict: the decision.
    ///   - details: what else there is to say.
    ///   - output: where the message goes, behind what is there.
    package static func write(
        _ verdict: Verdict,
        _ details: Details = Details(),
        to output: inout OutputBuffer
    ) {
        let reason = verdict.reason
        output.appendField(1, bool: verdict.isAllowed)
        output.appendField(2, text: reason.code)
        output.appendField(3, text: reason.message)
        output.appendField(4, unsigned: UInt64(details.status ?? UInt32(reason.httpStatus)))
        if verdict.reservation != .none {
            let id = verdict.reservation
            output.appendElement(5) { $0.append(id) }
        }
        if let id = verdict.keyID {
            output.appendElement(6) { $0.append(id) }
        }
        output.appendField(7, signed: details.reservedCostNanos)
        output.appendField(8, unsigned: details.retryAfterMilliseconds)
        output.appendField(9, unsigned: details.affordableTokens)
    }

    /// Adds a limit, the tightest first: `LimitState { name = 1, level = 2, limit = 3,
    /// remaining = 4, reset_ms = 5 }`.
    package static func writeLimit(
        name: StaticString,
        level: StaticString,
        limit: Int64,
        remaining: Int64,
        resetMilliseconds: UInt64,
        to output: inout OutputBuffer
    ) {
        output.appendElement(10) {
            $0.appendField(1, text: name)
            $0.appendField(2, text: level)
            $0.appendField(3, signed: limit)
            $0.appendField(4, signed: remaining)
            $0.appendField(5, unsigned: resetMilliseconds)
        }
    }

    /// Adds a line of the explanation.
    package static func writeExplanation(_ line: String, to output: inout OutputBuffer) {
        output.appendElement(11, text: line)
    }
}
