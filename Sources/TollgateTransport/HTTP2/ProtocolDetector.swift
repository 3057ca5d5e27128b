internal import NIOCore

/// Looks at the first bytes of a connection and puts the handler behind itself that understands them.
///
/// HTTP/2 by prior knowledge begins with a preface that no HTTP/1 request can begin with (RFC 9113
/// section 3.4), so the first byte that differs decides.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    private static let refusal: StaticString = """
        HTTP/1.1 505 HTTP Version Not Supported\r
        content-length: 0\r
        connection: close\r
        \r\n
        """

    private let loop: RPCLoop
    private let peerAddress: String
    private var identities: [String]
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
        if let handshake = event as? TLSHandshakeCompleted { identities = handshake.identities }
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
        case .http2: becomeHTTP2(context)
        case .other: refuse(context)
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

    private func becomeHTTP2(_ context: ChannelHandlerContext) {
        isDecided = true
        do {
            loop.openTurn()
            let peer = Peer(address: peerAddress, identities: identities)
            let handler = try HTTP2Handler(loop, peer: peer)
            try context.pipeline.syncOperations.addHandler(
                handler,
                position: .after(context.handler)
            )
            context.fireChannelRead(wrapInboundOut(received))
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    /// Nothing but HTTP/2 is spoken here; said in the words that an HTTP/1 client reads.
    private func refuse(_ context: ChannelHandlerContext) {
        isDecided = true
        loop.state.counters.protocolErrors.add()
        let line = ByteBuffer(staticString: ProtocolDetector.refusal)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(line)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
