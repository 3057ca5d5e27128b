internal import TollgateTransport
internal import TollgateWire

/// `grpc.reflection.v1` and `v1alpha` on one event loop: what the listener offers, for tools.
///
/// Both versions have the same messages and one answer for each request, in order.
final class ReflectionService {
    /// The most reflections at once on one loop; tools open one and close it.
    private static let streamLimit = 256

    private let index: ReflectionIndex
    private let loop: RPCLoop
    private var output = OutputBuffer()
    private var streams: Set<CallID> = []

    /// The reflection of one more loop.
    init(_ index: ReflectionIndex, on loop: RPCLoop) {
        self.index = index
        self.loop = loop
    }

    /// Begins a reflection.
    func open(_ call: CallID) {
        guard streams.count < ReflectionService.streamLimit else {
            return loop.finish(call, .resourceExhausted("too many reflections"), .now)
        }
        streams.insert(call)
    }

    /// Answers one request.
    func receive(_ call: CallID, _ message: Span<UInt8>) {
        guard streams.contains(call) else { return }
        do {
            let request = try ReflectionRequest(message)
            output.removeAll()
            index.answer(request, to: &output)
            send(output, on: call)
        } catch {
            streams.remove(call)
            loop.finish(call, CallFailure(error).status, .now)
        }
    }

    private func send(_ message: borrowing OutputBuffer, on call: CallID) {
        loop.send(message.bytes, on: call, .now)
    }

    /// Ends a reflection whose client has asked everything.
    func close(_ call: CallID) {
        guard streams.remove(call) != nil else { return }
        loop.finish(call, .ok, .now)
    }

    /// Forgets a reflection whose client is gone.
    func forget(_ call: CallID) {
        streams.remove(call)
    }
}
