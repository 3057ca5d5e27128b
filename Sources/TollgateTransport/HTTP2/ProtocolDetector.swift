internal import NIOCore
internal import NIOHTTP1

/// Looks at the first bytes of a connection and puts the handler behind itself that understands them.
///
/// HTTP/2 by prior knowledge begins with a preface that no HTTP/1 request can begin with (RFC 9113
/// section 3.4), so the first byte that differs decides. Over TLS the two must also be what ALPN has
/// agreed on, of which HTTP/1.1 is what no agreement means.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    private let loop: RPCLoop
    private let peerAddress: String
    private var identities: [String]
    /// What ALPN has agreed on; nil without TLS.
    private var isHTTP2Agreed: Bool?
    private var received = ByteBuffer()
    private var timeout: Scheduled<Void>?
    private var isDecided = false

    init(_ loop: RPCLoop, peer: Peer) {
        self.loop = loop
        peerAddress = peer.address
        identities = peer.identities
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        let counters = loop.state.counters
        let limit = loop.state.configuration.timeouts.preface.nanoseconds
        timeout = context.eventLoop.scheduleTask(in: .nanoseconds(limit)) {
            counters.timeouts.add()
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timeout?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handshake = event as? TLSHandshakeCompleted {
            identities = handshake.identities
            isHTTP2Agreed = handshake.isHTTP2
        }
        // Nothing was asked yet that could be answered.
        if event as? ChannelEvent == .inputClosed, !isDecided { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// Only handshakes fail here: behind one, the next bytes put another handler in this place.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is TLSFailure { loop.state.counters.tlsHandshakeFailures.add() }
        context.fireErrorCaught(error)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isDecided else { return }
        received.writeBuffer(&bytes)
        switch decide() {
        case .undecided: return
        case .http2: become(context, isHTTP2: true)
        case .other: become(context, isHTTP2: false)
        }
    }

    private enum Decision {
        case undecided
        case http2
        case other
    }

    private func decide() -> Decision {
        let preface = ProtocolDetector.preface
        return received.withUnsafeReadableBytes { bytes in
            let count = min(bytes.count, preface.utf8CodeUnitCount)
            for index in 0..<count where bytes[index] != preface.utf8Start[index] { return .other }
            return count == preface.utf8CodeUnitCount ? .http2 : .undecided
        }
    }

    private func become(_ context: ChannelHandlerContext, isHTTP2: Bool) {
        isDecided = true
        guard isHTTP2Agreed == nil || isHTTP2Agreed == isHTTP2 else {
            loop.state.counters.protocolErrors.add()
            context.close(promise: nil)
            return
        }
        do {
            loop.openTurn()
            let peer = Peer(address: peerAddress, identities: identities)
            try isHTTP2 ? addHTTP2(context, peer) : addHTTP1(context, peer)
            context.fireChannelRead(wrapInboundOut(received))
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    private func addHTTP2(_ context: ChannelHandlerContext, _ peer: Peer) throws {
        let handler = try HTTP2Handler(loop, peer: peer)
        try context.pipeline.syncOperations.addHandler(handler, position: .after(context.handler))
    }

    private func addHTTP1(_ context: ChannelHandlerContext, _ peer: Peer) throws {
        let handler = HTTP1Handler(loop, peer: peer)
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(handler, position: .after(context.handler))
        let parser = HTTP1Handler.makeParser(handler.budget)
        try pipeline.addHandler(parser, position: .after(context.handler))
    }
}
