package import NIOCore

/// The handshake is over: what the peer's certificate calls it.
///
/// Fired as a user event before the first decrypted bytes. Names are URIs (with a colon) and DNS
/// names (without); there are none when no client certificate was asked for.
package struct TLSHandshakeCompleted: Equatable, Sendable {
    package let identities: [String]

    /// Whether HTTP/2 was agreed on (ALPN `h2`); otherwise HTTP/1.1 is spoken.
    package let isHTTP2: Bool

    package init(identities: [String], isHTTP2: Bool) {
        self.identities = identities
        self.isHTTP2 = isHTTP2
    }
}

/// TLS between the socket and the handlers behind it, which see plain bytes.
///
/// - A handshake has 5 seconds, after which the connection is closed.
/// - What one read of the socket decrypts to is passed on as one buffer of at most `readBudget`
///   bytes. If there is more, it is left to a later turn of the loop, and nothing is read from the
///   socket meanwhile: one connection cannot keep the others waiting.
/// - What is written up to a flush leaves as one buffer. What is written before the end of the
///   handshake is kept, up to `heldLimit` bytes, and leaves right after it.
/// - Closing says `close_notify` first. The peer's `close_notify`, or its end without one, is passed
///   on as `ChannelEvent.inputClosed` behind all that it had sent (RFC 8446 section 6.1: it ends one
///   direction only): whoever is behind answers what there is to answer, and then closes.
/// - A peer that breaks the rules gets an alert; then `errorCaught` with a `TLSFailure` is passed on
///   and the connection closed.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package static let handshakeTime = TimeAmount.seconds(5)
    package static let readBudget = 64 * 1024
    package static let heldLimit = 64 * 1024

    private enum Phase {
        /// Not connected yet.
        case waiting
        case handshaking
        case open
        /// Nothing is read or written any more.
        case closed
    }

    private let context: TLSContext
    private let whenReading: () -> Void
    private var phase = Phase.waiting
    /// There is one while `handshaking` and `open`.
    private var connection: TLSConnection?
    private var deadline: Scheduled<Void>?

    /// Bytes are left to decrypt in a later turn of the loop.
    private var hasMore = false
    private var isTurnScheduled = false
    /// Somebody asked for bytes from the socket meanwhile.
    private var isReadDue = false
    /// The socket brings no more.
    private var isInputClosed = false
    /// The peer sends no more, and all that it sent was passed on.
    private var isPeerDone = false
    /// Those behind were told so.
    private var isEndTold = false
    /// We said `close_notify`.
    private var isOutputClosed = false

    /// What was written before the end of the handshake.
    private var held = ByteBuffer()
    /// For everything that was written since the last flush.
    private var unflushed: EventLoopPromise<Void>?

    /// TLS for one connection.
    ///
    /// - Parameters:
    ///   - context: certificates and rules.
    ///   - whenReading: called with each read of the socket, before anything is decrypted.
    package init(context: TLSContext, whenReading: @escaping () -> Void = {}) {
        self.context = context
        self.whenReading = whenReading
    }

    // MARK: Coming and going

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard phase == .waiting else { return }
        do throws(TLSFailure) {
            connection = try TLSConnection(self.context)
        } catch {
            fail(context, error)
            return
        }
        phase = .handshaking
        let loop = context.eventLoop.assumeIsolated()
        deadline = loop.scheduleTask(in: TLSHandler.handshakeTime) { [self] in
            fail(context, TLSFailure(code: .timeout, reason: "handshake takes too long"))
        }
    }

    /// Gives everything back; harmless when it was done before.
    private func end() {
        phase = .closed
        connection = nil
        hasMore = false
        held = ByteBuffer()
        deadline?.cancel()
        deadline = nil
        let unflushed = unflushed.take()
        unflushed?.fail(ChannelError.ioOnClosedChannel)
    }

    /// Sends the alert if there is one, says why, and closes.
    private func fail(_ context: ChannelHandlerContext, _ failure: TLSFailure) {
        guard phase != .closed else { return }
        let alert = connection?.drain()
        end()
        if let alert { context.writeAndFlush(wrapOutboundOut(alert), promise: nil) }
        context.fireErrorCaught(failure)
        context.close(promise: nil)
    }

    // MARK: Reading

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What comes after the peer's end is not looked at.
        guard let connection, !isPeerDone else { return }
        whenReading()
        connection.feed(unwrapInboundIn(data))
        if phase == .handshaking { shakeHands(context, connection) }
        deliver(context)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        finishTurn(context)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        isInputClosed = true
        switch phase {
        case .open where !hasMore:
            // Messages say themselves where they end, so an end without `close_notify` cuts off none.
            isPeerDone = true
            finishTurn(context)
        case .waiting, .handshaking:
            context.close(promise: nil)
        case .open, .closed: break
        }
    }

    package func read(context: ChannelHandlerContext) {
        if hasMore {
            isReadDue = true
        } else {
            context.read()
        }
    }

    private func shakeHands(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        switch connection.handshake() {
        case .incomplete:
            send(context)
        case .complete:
            deadline?.cancel()
            deadline = nil
            phase = .open
            let early = held
            held = ByteBuffer()
            encrypt(context, early)
            send(context)
            let event = TLSHandshakeCompleted(
                identities: connection.identities,
                isHTTP2: connection.isHTTP2
            )
            context.fireUserInboundEventTriggered(event)
        case .closed:
            fail(context, TLSFailure(code: .handshake, reason: "closed during the handshake"))
        case .failed(let failure):
            fail(context, failure)
        }
    }

    /// Decrypts what came in, as far as the budget goes, and passes it on.
    private func deliver(_ context: ChannelHandlerContext) {
        guard phase == .open, let connection else { return }
        let budget = TLSHandler.readBudget
        var plaintext = context.channel.allocator.buffer(
            capacity: min(connection.unreadCount, budget)
        )
        let progress = connection.read(into: &plaintext, upTo: budget)
        // Before acting on the end: what came before it is good, and may be the last request.
        if plaintext.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plaintext)) }
        guard phase == .open else { return }
        hasMore = progress == .complete
        switch progress {
        case .incomplete: isPeerDone = isInputClosed
        case .complete: scheduleTurn(context)
        case .closed: isPeerDone = true
        case .failed(let failure): fail(context, failure)
        }
    }

    /// Goes on in a later turn of the loop, after the other connections had theirs.
    private func scheduleTurn(_ context: ChannelHandlerContext) {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        context.eventLoop.assumeIsolated().execute { [self] in
            isTurnScheduled = false
            // Bytes that came in meanwhile may have taken the rest along.
            if hasMore {
                deliver(context)
                guard phase == .open else { return }
                context.fireChannelReadComplete()
                finishTurn(context)
            }
            if phase == .open && isReadDue && !hasMore {
                isReadDue = false
                context.read()
            }
        }
    }

    /// Tells the handlers behind of the peer's end when they have seen everything before it.
    private func finishTurn(_ context: ChannelHandlerContext) {
        guard phase == .open, isPeerDone, !isEndTold else { return }
        isEndTold = true
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    // MARK: Writing

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        let bytes = unwrapOutboundIn(data)
        guard phase != .closed, !isOutputClosed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        if let promise {
            if let unflushed {
                unflushed.futureResult.cascade(to: promise)
            } else {
                unflushed = promise
            }
        }
        if phase == .open {
            encrypt(context, bytes)
        } else if held.readableBytes + bytes.readableBytes <= TLSHandler.heldLimit {
            held.writeImmutableBuffer(bytes)
        } else {
            let reason = "too much is written during the handshake"
            fail(context, TLSFailure(code: .local, reason: reason))
        }
    }

    package func flush(context: ChannelHandlerContext) {
        // What is held is flushed at the end of the handshake, whether this was asked for or not.
        if phase == .open { send(context) }
    }

    package func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        if mode == .input {
            context.close(mode: mode, promise: promise)
            return
        }
        if phase == .open && !isOutputClosed {
            isOutputClosed = true
            connection?.shutdown()
            send(context)
        }
        if mode == .all { end() }
        context.close(mode: mode, promise: promise)
    }

    private func encrypt(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        if case .failed(let failure)? = connection?.write(bytes) { fail(context, failure) }
    }

    /// Sends everything encrypted since the last time as one buffer.
    private func send(_ context: ChannelHandlerContext) {
        let promise = phase == .open ? unflushed.take() : nil
        guard let bytes = connection?.drain() else {
            // A write of nothing is done when those before it are, and only the channel knows that.
            guard let promise else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
            return
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }
}
