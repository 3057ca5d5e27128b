internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `/authz/v1/check`: nginx, Kong, Traefik, Caddy, APISIX, HAProxy, and Envoy's `http_service`.
extension LoopGateway {
    /// Answers one question of a proxy.
    func httpCheck(_ call: CallID, _ message: Span<UInt8>) {
        do throws(HTTPProblem) {
            let plain = PlainRequest(message)
            let question = try HTTPQuestion(plain, message)
            switch try httpDecision(question, message, message.extracting(plain.body)) {
            case .success(let decision):
                if isLogged { log(decision, on: call, plain, message) }
                HTTPCheckAnswer.write(decision, Passage(decisions), on: question, to: &httpAnswer)
                reply(to: call, with: httpAnswer, .afterCommit)
            case .failure(let failure): loop.fail(call, failure.status, .now)
            }
        } catch {
            refuse(call, error, message)
        }
    }

    private func httpDecision(
        _ question: HTTPQuestion,
        _ message: Span<UInt8>,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) -> Result<Decision, CallFailure> {
        request.reset()
        var question = question
        var facts: HTTPFacts?
        if question.mayHaveFacts, !body.isEmpty { facts = try HTTPFacts(body) }
        if let found = facts, found.isOurs {
            question.forgetBody()
            try found.setNames(of: &request, body, &scratch)
        } else {
            facts = nil
        }
        let translation = EnvoyTranslation(question.told, in: message, httpConfiguration)
        do {
            try translation.fill(&request, models: models, scratch: &scratch)
            try setUsualAction(question, translation)
        } catch {
            throw error == .badTokens
                ? HTTPProblem(.badValue, "x-tollgate-tokens") : HTTPProblem(.badHeader)
        }
        try facts?.setRest(
            of: &request,
            hasToldTokens: translation.hasToldTokens,
            body,
            &scratch
        )
        return decide(translation)
    }

    /// A question that neither names a path nor an action is about what most requests want.
    private func setUsualAction(
        _ question: HTTPQuestion,
        _ translation: borrowing EnvoyTranslation
    ) throws(CheckRequest.Problem) {
        guard !question.hasPath, !request.has(.action), !request.isUnreadable(.action) else {
            return
        }
        try request.set(
            .action,
            to: translation.isStream ? Action.chatStream : Action.chatCompletions
        )
    }

    func reply(
        to call: CallID,
        with answer: borrowing HTTPAnswerWriter,
        _ release: Release
    ) {
        loop.reply(to: call, with: answer.bytes, release)
    }

    /// Says what is wrong with a request; nothing was decided.
    func refuse(_ call: CallID, _ problem: HTTPProblem, _ message: Span<UInt8>) {
        problem.write(to: &httpAnswer, body: message.extracting(PlainRequest(message).body))
        reply(to: call, with: httpAnswer, .now)
    }
}
