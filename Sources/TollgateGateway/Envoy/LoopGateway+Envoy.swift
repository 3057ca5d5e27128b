internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `envoy.service.auth.v3.Authorization`: Envoy, Istio, Envoy Gateway and Contour.
extension LoopGateway {
    /// Answers one question of a proxy.
    func envoyCheck(_ call: CallID, _ message: Span<UInt8>) {
        switch envoyDecision(message) {
        case .success(let decision):
            if isLogged { log(decision, on: call, message) }
            EnvoyAnswer.write(decision, Passage(decisions), on: request, to: &envoyResponse)
            reply(to: call, with: envoyResponse)
        case .failure(let failure):
            loop.fail(call, failure.status, .now)
        }
    }

    private func reply(to call: CallID, with response: borrowing EnvoyCheckResponseWriter) {
        loop.reply(to: call, with: response.bytes, .afterCommit)
    }

    private func envoyDecision(_ message: Span<UInt8>) -> Result<Decision, CallFailure> {
        request.reset()
        do throws(WireError) {
            let translation = try EnvoyTranslation(message, services.configuration)
            if let problem = fill(translation) { return .failure(problem) }
            return decide(translation)
        } catch {
            return .failure(CallFailure(error))
        }
    }

    private func fill(_ translation: borrowing EnvoyTranslation) -> CallFailure? {
        do {
            try translation.fill(&request, models: models, scratch: &scratch)
            return nil
        } catch {
            return CallFailure(error)
        }
    }
}
