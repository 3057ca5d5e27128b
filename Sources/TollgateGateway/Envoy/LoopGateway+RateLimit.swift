internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `envoy.service.ratelimit.v3.RateLimitService`: counts that a proxy sends when an answer is over
/// (`apply_on_stream_done`).
///
/// It limits nothing: `ext_authz` has decided about the request and holds what it may use. Its
/// reservation is all that a descriptor names, so `OVER_LIMIT` could only be about a request that was
/// allowed already, and would deny the very one that uses up a limit. The answer is always `OK`.
extension LoopGateway {
    /// Takes the counts of one request.
    func shouldRateLimit(_ call: CallID, _ message: Span<UInt8>) {
        do throws(WireError) {
            let request = try EnvoyRateLimitRequest(message)
            if request.reservation != .none, request.hasCounts { settle(request, of: message) }
            output.removeAll()
            EnvoyRateLimitResponse.writeOK(descriptors: request.descriptors, to: &output)
            reply(to: call, with: output, .afterCommit)
        } catch {
            loop.fail(call, CallFailure(error).status, .now)
        }
    }

    private func settle(_ request: EnvoyRateLimitRequest, of message: Span<UInt8>) {
        settlement.reset()
        settlement.reservation = request.reservation
        let counted = UsageReader.Result(
            input: request.input,
            cachedInput: request.cachedInput,
            output: request.output
        )
        let held = decisions.heldInput(of: request.reservation)
        let model = message.bytes(in: request.model)
        if settlement.fill(counted, heldInput: held, model: model) { report() }
    }
}
