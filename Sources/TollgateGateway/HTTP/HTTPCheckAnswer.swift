internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Turns a decision into what proxies that speak plain HTTP do.
enum HTTPCheckAnswer {
    /// Writes the answer to a question.
    static func write(
        _ decision: Decision,
        _ passage: Passage,
        on question: HTTPQuestion,
        to answer: inout HTTPAnswerWriter
    ) {
        if decision.verdict.isAllowed {
            writeAllow(decision, passage, &answer)
        } else {
            writeDenial(decision, question, &answer)
        }
        answer.finish()
    }

    /// 200 without a body, which every proxy takes for an allow and none has to read.
    private static func writeAllow(
        _ decision: Decision,
        _ passage: Passage,
        _ answer: inout HTTPAnswerWriter
    ) {
        let verdict = decision.verdict
        answer.begin(status: 200)
        if let id = verdict.keyID {
            answer.header("x-tollgate-key-id") { $0.append(id) }
        }
        passage.forEachGroup { name, value in answer.header(name) { $0.append(value.utf8.span) } }
        if verdict.reservation != .none {
            answer.header("x-tollgate-reservation") { $0.append(verdict.reservation) }
        }
        if let supplier = passage.supplier { write(supplier, &answer) }
        if let models = passage.models {
            answer.header("x-tollgate-models") { ModelList.write(models, to: &$0) }
        }
        // Envoy's word for: the upstream must not see the client's credentials.
        answer.header("x-envoy-auth-headers-to-remove") { value in
            var isFirst = true
            passage.forEachRemovedHeader { name in
                if !isFirst { value.append(",") }
                isFirst = false
                value.append(name)
            }
            if passage.supplier == nil { value.append(",x-tollgate-upstream-host") }
        }
        writeLimits(decision, &answer)
    }

    /// The credential has its own name: under that proxies copy it to the request.
    private static func write(_ supplier: Supplier, _ answer: inout HTTPAnswerWriter) {
        answer.header("x-tollgate-supplier") { $0.append(supplier.name.utf8.span) }
        answer.header("x-tollgate-upstream-host") { $0.append(supplier.host.utf8.span) }
        if let header = supplier.header {
            answer.header(header.name.utf8.span, header.value.utf8.span)
        }
    }

    private static func writeDenial(
        _ decision: Decision,
        _ question: HTTPQuestion,
        _ answer: inout HTTPAnswerWriter
    ) {
        let isForbidden = question.wantsForbidden && decision.status != 401
        answer.begin(status: isForbidden ? 403 : decision.status)
        answer.header("content-type") { $0.append("application/json") }
        answer.header("x-tollgate-reason") { $0.append(decision.verdict.reason.code) }
        answer.header("x-tollgate-status") { $0.appendDecimal(UInt64(decision.status)) }
        if decision.status == 401 {
            answer.header("www-authenticate") { $0.append("Bearer") }
        }
        if let seconds = decision.retryAfter {
            answer.header("retry-after") { $0.appendDecimal(seconds) }
        }
        writeLimits(decision, &answer)
        // ASCII without control characters, as a header needs it.
        answer.header("x-tollgate-body") { Denial.writeBody(decision, to: &$0) }
        if !question.wantsNoBody { answer.body { Denial.writeBody(decision, to: &$0) } }
    }

    private static func writeLimits(_ decision: Decision, _ answer: inout HTTPAnswerWriter) {
        // What is decided for one request is nothing for the next.
        answer.header("cache-control") { $0.append("no-store") }
        decision.forEachLimitHeader { name, value in
            answer.header(name) { $0.appendDecimal(value) }
        }
    }
}
