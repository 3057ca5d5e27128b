internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `tollgate.v1.Authorization`: gateways that ask in our own words.
extension LoopGateway {
    /// Answers one question.
    func check(_ call: CallID, _ message: Span<UInt8>) {
        if let failure = writeAnswer(to: message, on: call) {
            return loop.fail(call, failure.status, .now)
        }
        reply(to: call, with: output, .afterCommit)
    }

    /// Has a question decided, and writes the answer into `output`.
    ///
    /// - Returns: why the question cannot be answered; nil when it was.
    private func writeAnswer(to message: Span<UInt8>, on call: CallID) -> CallFailure? {
        if let failure = read(message) { return failure }
        return request.wantsExplanation ? writeExplainedDecision(on: call) : writeDecision(on: call)
    }

    private func writeDecision(on call: CallID) -> CallFailure? {
        switch decide() {
        case .success(let decision):
            if isLogged { log(decision, on: call) }
            output.removeAll()
            NativeCheckResponse.write(
                decision.verdict,
                status: decision.status,
                limits: decision.limits,
                to: &output,
                sentence: { DecisionSentence.write(decision, to: &$0) }
            )
            return nil
        case .failure(let failure): return failure
        }
    }

    private func writeExplainedDecision(on call: CallID) -> CallFailure? {
        // Before the decision: once that has counted, it would explain the next request.
        let lines = decisions.explain(&request)
        if let failure = writeDecision(on: call) { return failure }
        for line in lines { NativeCheckResponse.writeExplanation(line, to: &output) }
        return nil
    }

    private func read(_ message: Span<UInt8>) -> CallFailure? {
        request.reset()
        do throws(WireError) {
            try NativeCheckRequest.read(message, into: &request)
        } catch {
            return CallFailure(error)
        }
        request.wantsEveryLimit = true
        // No message of ours carries any.
        request.content = .absent
        do {
            _ = try request.complete(from: models)
            return nil
        } catch {
            return CallFailure(error)
        }
    }
}

/// `CheckStream`: any number of questions, not one waiting for the answer to another.
///
/// Each is decided as it comes, in the turn in which it was read, and answered in its place. The
/// first that cannot be answered ends the stream, behind the answers to those before it; the others
/// were not looked at.
extension LoopGateway {
    /// Answers the next question of a stream.
    func checkNext(_ call: CallID, _ message: Span<UInt8>) {
        if let failure = writeAnswer(to: message, on: call) {
            return endCheckStream(call, failure.status)
        }
        send(output, on: call, .afterCommit)
    }

    /// Ends a stream, behind the answers that it still waits for.
    func endCheckStream(_ call: CallID, _ status: RPCStatus) {
        guard checkStreams.remove(call) != nil else { return }
        loop.finish(call, status, .now)
    }

    /// Ends all streams: their clients would keep a server that stops waiting.
    func endCheckStreams() {
        for call in Array(checkStreams) { endCheckStream(call, CallFailure.stopping.status) }
    }
}

/// `Settle`: what a request really used.
extension LoopGateway {
    /// Takes one report; it is answered once what it changed is in the journal.
    func settle(_ call: CallID, _ message: Span<UInt8>) {
        do {
            let outcome = try settle(message).get()
            output.removeAll()
            NativeSettleResponse.write(outcome, to: &output)
            reply(to: call, with: output, .afterCommit)
        } catch {
            loop.fail(call, error.status, .now)
        }
    }

    private func settle(_ message: Span<UInt8>) -> Result<SettlementOutcome, CallFailure> {
        settlement.reset()
        do throws(WireError) {
            try NativeSettleRequest.read(message, into: &settlement)
        } catch {
            return .failure(CallFailure(error))
        }
        return settleReported()
    }
}
