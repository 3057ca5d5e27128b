internal import TollgateCore
internal import TollgateWire

/// Turns a verdict into what Envoy does.
enum EnvoyAnswer {
    /// Writes the answer to a question.
    static func write(
        _ verdict: Verdict,
        on request: borrowing CheckRequest,
        to response: inout EnvoyCheckResponseWriter
    ) {
        if verdict.isAllowed {
            writeAllow(verdict, &response)
        } else {
            writeDenial(verdict, &response)
        }
        writeFacts(verdict, request, &response)
        response.finish()
    }

    /// The upstream learns the key's id and nothing of its secret.
    private static func writeAllow(
        _ verdict: Verdict,
        _ response: inout EnvoyCheckResponseWriter
    ) {
        response.beginAllow()
        if let id = verdict.keyID {
            response.header("x-tollgate-key-id") { $0.append(id) }
        }
        response.removeHeader("authorization")
        response.removeHeader("x-api-key")
        response.removeHeader("api-key")
    }

    private static func writeDenial(
        _ verdict: Verdict,
        _ response: inout EnvoyCheckResponseWriter
    ) {
        let reason = verdict.reason
        response.beginDenial(status: UInt32(reason.httpStatus), message: reason.code)
        response.header("content-type") { $0.append("application/json") }
        response.header("x-tollgate-reason") { $0.append(reason.code) }
        if reason.httpStatus == 401 {
            response.header("www-authenticate") { $0.append("Bearer") }
        }
        response.body { Denial.writeBody(verdict, to: &$0) }
    }

    /// What later filters, access logs and usage reports need to know of the decision.
    private static func writeFacts(
        _ verdict: Verdict,
        _ request: borrowing CheckRequest,
        _ response: inout EnvoyCheckResponseWriter
    ) {
        if verdict.reservation != .none {
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
    }
}
