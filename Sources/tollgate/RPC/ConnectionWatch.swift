internal import NIOCore
internal import NIOTLS

/// Watches a connection: when it is ready for calls, and why it fails.
///
/// Confined to the connection's event loop; stands between TLS and HTTP/2.
final class ConnectionWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: RPCEndpoint
    private let waitsForTLS: Bool
    private let deadline: NIODeadline
    private let promise: EventLoopPromise<Void>
    private var timer: Scheduled<Void>?

    /// The first thing that went wrong.
    private(set) var problem: RPCError?

    /// Succeeds when calls can be made: over TLS, when the handshake is done and HTTP/2 agreed on.
    var isReady: EventLoopFuture<Void> { promise.futureResult }

    init(
        _ server: RPCEndpoint,
        _ promise: EventLoopPromise<Void>,
        waitsForTLS: Bool,
        _ deadline: NIODeadline
    ) {
        self.server = server
        self.promise = promise
        self.waitsForTLS = waitsForTLS
        self.deadline = deadline
    }

    func channelActive(context: ChannelHandlerContext) {
        if waitsForTLS {
            timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                self.fail(RPCError(.timeout, "no TLS handshake with \(self.server) in time"))
            }
        } else {
            promise.succeed()
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let agreed) = event {
            timer?.cancel()
            if agreed == "h2" {
                promise.succeed()
            } else {
                fail(RPCError(.malformed, "\(server) does not speak HTTP/2"))
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let code: RPCError.Code = waitsForTLS ? .untrusted : .unreachable
        fail(RPCError(code, "\(server): \(Problem.text(of: error))"))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(RPCError(.unreachable, "\(server) closed the connection\(hint)"))
        context.fireChannelInactive()
    }

    /// A connection that was never made ends without having been active.
    func handlerRemoved(context: ChannelHandlerContext) {
        fail(RPCError(.unreachable, "\(server) cannot be reached"))
    }

    /// A listener with TLS says no more than that to those who speak without.
    private var hint: String {
        guard case .tcp = server.address, !waitsForTLS else { return "" }
        return "; if it speaks TLS, its address is https://\(server)"
    }

    private func fail(_ problem: RPCError) {
        timer?.cancel()
        if self.problem == nil { self.problem = problem }
        promise.fail(problem)
    }
}
