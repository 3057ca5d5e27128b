internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `/authz/v1/settle`: what requests really used, from proxies and scripts.
extension LoopGateway {
    /// Takes a report; it is answered once what it changed is in the journal.
    func httpSettle(_ call: CallID, _ message: Span<UInt8>) {
        do throws(HTTPProblem) {
            let plain = PlainRequest(message)
            try HTTPSettlePath.check(plain, message)
            let body = message.extracting(plain.body)
            let report = try UsageReport(body, &scratch)
            if report.isList {
                try settleList(call, report, body)
            } else {
                try settleOne(call, report, body)
            }
        } catch {
            refuse(call, error, message)
        }
    }

    private func settleOne(
        _ call: CallID,
        _ report: UsageReport,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) {
        for record in report.records {
            switch try settle(record, body) {
            case .success(let outcome):
                beginJSON(status: 200)
                httpAnswer.body { UsageAnswer.write(record, of: body, outcome, to: &$0) }
                httpAnswer.finish()
                reply(to: call, with: httpAnswer, .afterCommit)
            case .failure(let failure): loop.fail(call, failure.status, .now)
            }
        }
    }

    /// Settles every record, each with its own result.
    ///
    /// When one could not be settled now, the status asks for the whole report again: those that
    /// were settled are known by then.
    private func settleList(
        _ call: CallID,
        _ report: UsageReport,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) {
        var results: [Result<SettlementOutcome, CallFailure>] = []
        for record in report.records { results.append(try settle(record, body)) }
        beginJSON(status: results.contains { $0.mayWorkLater } ? 503 : 200)
        httpAnswer.body { output in
            output.append(#"{"results":["#)
            for (index, record) in report.records.enumerated() {
                if index > 0 { output.append(",") }
                UsageAnswer.write(record, of: body, results[index], to: &output)
            }
            output.append("]}")
        }
        httpAnswer.finish()
        reply(to: call, with: httpAnswer, .afterCommit)
    }

    private func settle(
        _ record: UsageRecord,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) -> Result<SettlementOutcome, CallFailure> {
        settlement.reset()
        try record.fill(&settlement, body, &scratch)
        return settleReported()
    }

    private func beginJSON(status: UInt16) {
        httpAnswer.begin(status: status)
        httpAnswer.header("content-type") { $0.append("application/json") }
        httpAnswer.header("cache-control") { $0.append("no-store") }
    }
}

extension Result<SettlementOutcome, CallFailure> {
    /// Whether the same report may be taken a little later.
    fileprivate var mayWorkLater: Bool {
        if case .failure(let failure) = self { failure != .unknownReservation } else { false }
    }
}

/// What is asked of requests to settle: `POST`, to the path itself.
private enum HTTPSettlePath {
    static func check(_ request: PlainRequest, _ message: Span<UInt8>) throws(HTTPProblem) {
        guard request.verb == .post else { throw HTTPProblem(.wrongMethod) }
        var place = request.head.lowerBound
        let own = GatewayMethod.httpSettle.method.path
        guard let (_, path) = request.nextField(message, at: &place) else { return }
        guard
            path.count == own.utf8CodeUnitCount
                || message[path.lowerBound + own.utf8CodeUnitCount] == UInt8(ascii: "?")
        else { throw HTTPProblem(.wrongPath) }
    }
}
