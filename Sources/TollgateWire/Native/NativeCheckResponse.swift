package import TollgateCore

/// Writes `tollgate.v1.CheckResponse`.
///
/// An empty one is a denial, so nothing that is forgotten can allow.
package enum NativeCheckResponse {
    /// Writes an answer but for its explanation, which follows it.
    ///
    /// - Parameters:
    ///   - verdict: the decision.
    ///   - status: what a proxy should answer.
    ///   - limits: what is left of the key's limits, the tightest first.
    ///   - output: where the message goes, behind what is there.
    ///   - sentence: writes what a person is told.
    package static func write(
        _ verdict: Verdict,
        status: UInt16,
        limits: borrowing LimitReport,
        to output: inout OutputBuffer,
        sentence: (inout OutputBuffer) -> Void
    ) {
        output.appendField(1, bool: verdict.isAllowed)
        output.appendField(2, text: verdict.reason.code)
        output.appendElement(3, sentence)
        output.appendField(4, unsigned: UInt64(status))
        if verdict.reservation != .none {
            let id = verdict.reservation
            output.appendElement(5) { $0.append(id) }
        }
        if let id = verdict.keyID {
            output.appendElement(6) { $0.append(id) }
        }
        output.appendField(7, signed: verdict.charge?.amounts.cost ?? 0)
        output.appendField(8, unsigned: verdict.limit?.retryAfter ?? 0)
        output.appendField(9, unsigned: verdict.affordableTokens)
        for place in 0..<limits.count { writeLimit(limits[place], to: &output) }
        output.appendField(12, text: verdict.monitored.code)
    }

    /// Writes a `LimitState { name = 1, level = 2, limit = 3, remaining = 4, reset_ms = 5 }`.
    private static func writeLimit(_ state: LimitState, to output: inout OutputBuffer) {
        output.appendElement(10) {
            $0.appendField(1, text: state.name.text)
            $0.appendField(2, text: state.level.text)
            $0.appendField(3, signed: state.limit)
            $0.appendField(4, signed: state.remaining)
            $0.appendField(5, unsigned: state.reset)
        }
    }

    /// Adds a line of the explanation.
    package static func writeExplanation(_ line: String, to output: inout OutputBuffer) {
        output.appendElement(11, text: line)
    }
}
