internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `tollgate.v1.Authorization`: gateways that ask in our own words.
extension LoopGateway {
    /// Answers one question.
    func check(_ call: CallID, _ message: Span<UInt8>) {
        switch nativeVerdict(message) {
        case .success(let verdict):
            output.removeAll()
            NativeCheckResponse.write(verdict, to: &output)
            if request.wantsExplanation {
                for line in decisions.explain(request) {
                    NativeCheckResponse.writeExplanation(line, to: &output)
                }
            }
            reply(to: call, with: output)
        case .failure(let failure):
            loop.fail(call, failure.status, .now)
        }
    }

    private func reply(to call: CallID, with message: borrowing OutputBuffer) {
        loop.reply(to: call, with: message.bytes, .afterCommit)
    }

    private func nativeVerdict(_ message: Span<UInt8>) -> Result<Verdict, FailurePolicy> {
        request.reset()
        do throws(WireError) {
            try NativeCheckRequest.read(message, into: &request)
        } catch {
            return .failure(FailurePolicy(error))
        }
        if let model = models.model(named: request[.model]) {
            do {
                try request.complete(with: model)
            } catch {
                return .failure(FailurePolicy(error))
            }
        }
        return decide()
    }
}
