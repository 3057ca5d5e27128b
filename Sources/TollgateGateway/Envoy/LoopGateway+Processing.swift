internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `envoy.service.ext_proc.v3.ExternalProcessor`: the answers of upstreams pass by, and tell what
/// they used.
///
/// Made for `observability_mode`, in which the proxy waits for nothing. In any other it is answered
/// that nothing is to be changed; modes in which bodies have to be sent back are not served.
extension LoopGateway {
    /// One more request has an answer.
    func openProcessing(_ call: CallID) {
        guard processing.count < ProcessingStream.limit else {
            return loop.finish(call, .resourceExhausted("too many streams"), .now)
        }
        processing[call] = ProcessingStream()
    }

    /// Takes a part of a request or its answer.
    func process(_ call: CallID, _ message: Span<UInt8>) {
        guard let stream = processing[call] else { return }
        do throws(WireError) {
            let part = try EnvoyProcessingRequest(message)
            stream.read(part, of: message)
            if !part.isObservation, let kind = part.part { answer(call, kind) }
            // Not left to the proxy: open streams count against what it may ask at once.
            if stream.isOver { closeProcessing(call) }
        } catch {
            processing[call] = nil
            abandon(stream)
            loop.finish(call, CallFailure(error).status, .now)
        }
    }

    private func answer(_ call: CallID, _ part: EnvoyProcessingRequest.Part) {
        output.removeAll()
        EnvoyProcessingResponse.write(to: part, to: &output)
        send(output, on: call, .now)
    }

    /// The answer is over, or the proxy has said all that it will: what was used counts.
    func closeProcessing(_ call: CallID) {
        guard let stream = processing.removeValue(forKey: call) else { return }
        settle(stream)
        loop.finish(call, .ok, .now)
    }

    /// The call is gone: what was seen until then counts, as the client saw no more of it either.
    ///
    /// Not when it is this server that goes: then the answer goes on without it.
    func forgetProcessing(_ call: CallID) {
        guard let stream = processing.removeValue(forKey: call) else { return }
        if services.health.status == .serving { settle(stream) }
    }

    private func settle(_ stream: ProcessingStream) {
        guard stream.reservation != .none else { return }
        settlement.reset()
        let isKnown = stream.fill(
            &settlement,
            heldInput: decisions.heldInput(of: stream.reservation)
        )
        if isKnown { report() } else { abandon() }
    }

    private func abandon(_ stream: ProcessingStream) {
        settlement.reset()
        _ = stream.fill(&settlement, heldInput: 0)
        abandon()
    }
}
