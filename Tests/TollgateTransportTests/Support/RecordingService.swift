internal import TollgateTransport

/// Notes everything it is told, and answers by echoing unless told otherwise.
final class RecordingService: LoopService {
    enum Event: Equatable {
        case began
        case ends
        case unary(method: Int, [UInt8])
        case opened(method: Int)
        case received([UInt8])
        case halfClosed
        case ended(wasAnswered: Bool)
    }

    let loop: RPCLoop
    var events: [Event] = []
    var calls: [CallID] = []
    var outcome = TurnOutcome.release
    /// What is done with a unary call instead of echoing it.
    var onUnary: ((CallID, [UInt8]) -> Void)?
    var onOpened: ((CallID) -> Void)?

    init(_ loop: RPCLoop) {
        self.loop = loop
    }

    /// What happened to calls, without the turns.
    var callEvents: [Event] { events.filter { $0 != .began && $0 != .ends } }

    func turnBegan() { events.append(.began) }

    func turnEnds() -> TurnOutcome {
        events.append(.ends)
        return outcome
    }

    func unary(_ call: CallID, method: Int, message: Span<UInt8>) {
        let bytes = array(message)
        calls.append(call)
        events.append(.unary(method: method, bytes))
        if let onUnary {
            onUnary(call, bytes)
        } else {
            loop.reply(to: call, with: message, .afterCommit)
        }
    }

    func streamOpened(_ call: CallID, method: Int) {
        calls.append(call)
        events.append(.opened(method: method))
        onOpened?(call)
    }

    func streamReceived(_ call: CallID, method: Int, message: Span<UInt8>) {
        events.append(.received(array(message)))
        loop.send(message, on: call, .afterCommit)
    }

    func streamHalfClosed(_ call: CallID, method: Int) {
        events.append(.halfClosed)
        loop.finish(call, .ok, .afterCommit)
    }

    func callEnded(_ call: CallID, wasAnswered: Bool) {
        events.append(.ended(wasAnswered: wasAnswered))
    }

    private func array(_ span: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in span.indices { bytes.append(span[index]) }
        return bytes
    }
}

/// The methods that tests call.
let testMethods = MethodTable([
    Method("/test.Echo/Unary", .unary),
    Method("/test.Echo/Stream", .streaming),
    Method("/test.Echo/Kept", .unary, keepsHeaders: true),
    Method("/plain", .plain),
])
