internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Turns a decision into what Envoy does.
enum EnvoyAnswer {
    /// Writes the answer to a question.
    static func write(
        _ decision: Decision,
        _ passage: Passage,
        on request: borrowing CheckRequest,
        to response: inout EnvoyCheckResponseWriter
    ) {
        if decision.verdict.isAllowed {
            writeAllow(decision, passage, &response)
        } else {
            writeDenial(decision, &response)
        }
        writeFacts(decision.verdict, passage, request, &response)
        response.finish()
    }

    /// The upstream learns the key's id and nothing of its secret, and is shown the credential of the
    /// supplier that it is; the client learns what is left.
    private static func writeAllow(
        _ decision: Decision,
        _ passage: Passage,
        _ response: inout EnvoyCheckResponseWriter
    ) {
        response.beginAllow()
        if let id = decision.verdict.keyID {
            response.header("x-tollgate-key-id") { $0.append(id) }
        }
        passage.forEachGroup { response.header($0, $1.utf8.span) }
        if let supplier = passage.supplier { write(supplier, &response) }
        passage.forEachRemovedHeader { response.removeHeader($0) }
        decision.forEachLimitHeader { name, value in
            response.responseHeader(name) { $0.appendDecimal(value) }
        }
    }

    /// To Envoy `host` is `:authority`, in HTTP/2 too.
    private static func write(_ supplier: Supplier, _ response: inout EnvoyCheckResponseWriter) {
        response.header("x-tollgate-supplier", supplier.name.utf8.span)
        response.header("host", supplier.host.utf8.span)
        if let header = supplier.header {
            response.header(header.name.utf8.span, header.value.utf8.span)
        }
    }

    private static func writeDenial(
        _ decision: Decision,
        _ response: inout EnvoyCheckResponseWriter
    ) {
        let reason = decision.verdict.reason
        response.beginDenial(status: UInt32(decision.status), message: reason.code)
        response.header("content-type") { $0.append("application/json") }
        response.header("x-tollgate-reason") { $0.append(reason.code) }
        if decision.status == 401 {
            response.header("www-authenticate") { $0.append("Bearer") }
        }
        if let seconds = decision.retryAfter {
            response.header("retry-after") { $0.appendDecimal(seconds) }
        }
        decision.forEachLimitHeader { name, value in
            response.header(name) { $0.appendDecimal(value) }
        }
        response.body { Denial.writeBody(decision, to: &$0) }
    }

    /// What later filters, access logs and usage reports need to know of the decision.
    ///
    /// The reservation is here and in no header: it is for the proxy, and no client may see it.
    private static func writeFacts(
        _ verdict: Verdict,
        _ passage: Passage,
        _ request: borrowing CheckRequest,
        _ response: inout EnvoyCheckResponseWriter
    ) {
        if verdict.isAllowed {
            response.metadata("rid") { $0.append(verdict.reservation) }
        } else {
            response.metadata("reason") { $0.append(verdict.reason.code) }
        }
        if let id = verdict.keyID {
            response.metadata("key_id") { $0.append(id) }
        }
        if request.has(.model) {
            response.metadata("model") { $0.append(request[.model]) }
        }
        if request.has(.action) {
            response.metadata("action") { $0.append(request[.action]) }
        }
        if let supplier = passage.supplier {
            response.metadata("supplier") { $0.append(supplier.name.utf8.span) }
        }
        if let models = passage.models {
            response.metadata("models") { ModelList.write(models, to: &$0) }
        }
        if let limit = verdict.limit {
            response.metadata("limit") { $0.append(limit.limit.text) }
            response.metadata("level") { $0.append(limit.level.text) }
        }
        if let amounts = verdict.charge?.amounts {
            // Exact up to 2^53: nine million dollars.
            response.metadata("reserved_tokens", number: Double(amounts.tokens))
            response.metadata("reserved_cost_nanos", number: Double(amounts.cost))
            if request.inputTokens > 0 {
                response.metadata("reserved_input_tokens", number: Double(request.inputTokens))
            }
        }
        if verdict.monitored != .allowed {
            response.metadata("monitored_reason") { $0.append(verdict.monitored.code) }
        }
    }
}
