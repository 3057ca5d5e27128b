internal import TollgateCore
internal import TollgateTransport
internal import TollgateWire

/// The log of decisions, which few servers write: what it needs is looked up for it alone.
extension LoopGateway {
    /// Logs what was decided on the question in `request`.
    func log(_ decision: Decision, on call: CallID) {
        log(decision, on: call, loop.header("traceparent", of: call))
    }

    /// Logs what was decided on Envoy's question: the trace is that of its call, or of the request
    /// that it asks about.
    func log(_ decision: Decision, on call: CallID, _ message: Span<UInt8>) {
        if let trace = loop.header("traceparent", of: call) {
            return log(decision, on: call, trace)
        }
        log(decision, on: call, EnvoyHeaderSearch.value(of: "traceparent", in: message))
    }

    /// Logs what was decided on a plain HTTP request, whose fields lie in its message.
    func log(
        _ decision: Decision,
        on call: CallID,
        _ plain: PlainRequest,
        _ message: Span<UInt8>
    ) {
        var trace: [UInt8]?
        var place = plain.head.lowerBound
        while trace == nil, let field = plain.nextField(message, at: &place) {
            guard Text.equal(message.extracting(field.name), "traceparent") else { continue }
            trace = message.extracting(field.value).withUnsafeBufferPointer { Array($0) }
        }
        log(decision, on: call, trace)
    }

    private func log(_ decision: Decision, on call: CallID, _ traceparent: [UInt8]?) {
        let id = LoopGateway.text(request[.requestID])
        let callID = loop.header("x-request-id", of: call) ?? []
        decisionLog?.write(
            DecisionLine(
                reason: decision.verdict.reason,
                keyID: decision.verdict.keyID,
                reservation: decision.verdict.reservation,
                requestID: LogIdentity.requestID(
                    id.isEmpty ? String(decoding: callID, as: UTF8.self) : id
                ),
                traceID: traceparent.flatMap {
                    LogIdentity.traceID(inTraceparent: String(decoding: $0, as: UTF8.self))
                }
            )
        )
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
