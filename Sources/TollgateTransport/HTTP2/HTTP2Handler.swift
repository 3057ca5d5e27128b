internal import CNghttp2
internal import NIOCore

/// Between a channel and its HTTP/2 session: reads, one write for each turn, and the clock.
final class HTTP2Handler: Connection, ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a connection's write buffer keeps between turns.
    private static let retainedBytes = 16 << 10

    let session: HTTP2Session

    private let loop: RPCLoop
    private let startedAt: Int64
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    // Not checked for overlapping accesses: one thread uses it, each time for one call of its own.
    @exclusivity(unchecked) private var buffer = ByteBuffer()
    @exclusivity(unchecked) private var lastReadAt: Int64
    @exclusivity(unchecked) private var pingedAt: Int64?
    @exclusivity(unchecked) private var blockedAt: Int64?
    @exclusivity(unchecked) private var closingAt: Int64?
    /// Whether the channel wants to read and was not let.
    @exclusivity(unchecked) private var hasPendingRead = false

    /// - Throws: when there is no memory for the session.
    init(_ loop: RPCLoop, peer: Peer) throws(TransportError) {
        self.loop = loop
        session = try HTTP2Session(loop.state, peer: peer)
        startedAt = loop.now
        lastReadAt = loop.now
        super.init()
        session.connection = Unmanaged.passUnretained(self)
    }

    override var channelID: ObjectIdentifier? { context.map { ObjectIdentifier($0.channel) } }

    private var isClosing: Bool { closingAt != nil }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.connections.add(self)
        let pause = session.budget.outboundPauseBytes
        let mark = ChannelOptions.Types.WriteBufferWaterMark(low: pause / 2, high: pause)
        try? context.channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark)
        loop.touch(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.connections.remove(self)
        session.closeAllCalls()
        session.connection = nil
        loop.deliver()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        loop.openTurn()
        lastReadAt = loop.now
        pingedAt = nil
        let bytes = unwrapInboundIn(data)
        _ = bytes.withUnsafeReadableBytes { session.receive($0) }
        session.submitUnsettled()
        loop.deliver()
        if session.isNoticeSeen { session.leave() }
        loop.touch(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // nghttp2 still points to the slots that are given back here, so it may send nothing more.
        closingAt = closingAt ?? loop.now
        session.closeAllCalls()
        loop.deliver()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { endInput() }
        context.fireUserInboundEventTriggered(event)
    }

    /// The peer sends no more: it gets the answers to what it has asked, then the connection ends.
    private func endInput() {
        guard !isClosing else { return }
        loop.refreshTime()
        lastReadAt = loop.now
        session.endInput()
        loop.touch(self)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            blockedAt = nil
            loop.touch(self)
        } else {
            blockedAt = loop.now
        }
        updateReading()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The socket or TLS failed: nothing that we would write now arrives.
        context.close(promise: nil)
    }

    /// Reads only while answers can leave; what is not read now is read by `updateReading`.
    func read(context: ChannelHandlerContext) {
        if canRead(context) {
            context.read()
        } else {
            hasPendingRead = true
        }
    }

    private func canRead(_ context: ChannelHandlerContext) -> Bool {
        context.channel.isWritable && !loop.isFull
    }

    /// Goes on reading when that has become possible.
    override func updateReading() {
        guard hasPendingRead, let context, canRead(context) else { return }
        hasPendingRead = false
        context.read()
    }

    // MARK: Writing

    /// Writes what the session has to send, all at once, and closes what is done.
    override func flush() {
        guard let context, !isClosing else { return }
        if let failure = session.failure {
            fail(failure)
            return
        }
        // A blocked socket is flushed when it is writable again.
        guard context.channel.isWritable else {
            checkWaitingBytes()
            return
        }
        drain()
        write(context)
        if let failure = session.failure {
            fail(failure)
        } else if session.isDone {
            let isExpected = session.isLeaving || session.isPeerLeaving
            if !isExpected { loop.state.counters.protocolErrors.add() }
            close(context)
        } else if session.isOver {
            session.terminate(NGHTTP2_NO_ERROR)
            end()
        } else {
            checkWaitingBytes()
            if session.wantsWrite, context.channel.isWritable { loop.touch(self) }
        }
    }

    /// Moves what the session can send now to the buffer.
    private func drain() {
        let state = loop.state
        state.outbound.removeAll()
        session.drain(limit: session.budget.outboundPauseBytes)
        if buffer.capacity > HTTP2Handler.retainedBytes {
            buffer = ByteBuffer()
        } else {
            buffer.clear()
        }
        buffer.writeBytes(
            UnsafeRawBufferPointer(start: state.outbound.base, count: state.outbound.count)
        )
    }

    private func write(_ context: ChannelHandlerContext) {
        guard buffer.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Closes the channel once everything before was written.
    private func close(_ context: ChannelHandlerContext) {
        closingAt = loop.now
        session.closeAllCalls()
        closeBehindWrites(context)
    }

    /// Ends the connection with a GOAWAY that says why, and counts it.
    private func fail(_ failure: HTTP2Session.Failure) {
        switch failure {
        case .budget:
            loop.state.counters.budgetViolations.add()
            session.terminate(NGHTTP2_ENHANCE_YOUR_CALM)
        case .protocolError:
            loop.state.counters.protocolErrors.add()
            session.terminate(NGHTTP2_PROTOCOL_ERROR)
        }
        end()
    }

    /// Writes the GOAWAY that was queued, and closes.
    private func end() {
        guard let context, !isClosing else { return }
        drain()
        write(context)
        close(context)
    }

    /// Closes a connection whose answers pile up because the peer opens no window for them.
    private func checkWaitingBytes() {
        guard session.waitingBytes > session.budget.outboundCloseBytes else { return }
        fail(.budget)
    }

    // MARK: The clock

    /// Looks at everything that may have taken too long; called several times a second.
    override func sweep(at now: Int64, _ timeouts: TransportTimeouts) {
        func isOver(_ start: Int64?, _ limit: Duration) -> Bool {
            guard let start else { return false }
            return now &- start > limit.nanoseconds
        }
        if isOver(closingAt, timeouts.blockedWrite) || isOver(blockedAt, timeouts.blockedWrite) {
            if !isClosing { loop.state.counters.timeouts.add() }
            context?.close(promise: nil)
            return
        }
        guard !isClosing else { return }
        let isSilent = !session.hasSettings && isOver(startedAt, timeouts.preface)
        // Who has closed its half, or is gone, answers no PING.
        let isLeft = session.isInputClosed && isOver(lastReadAt, timeouts.request)
        if isSilent || isLeft || isOver(pingedAt, timeouts.ping) {
            giveUp()
            return
        }
        if pingedAt == nil, isOver(lastReadAt, timeouts.idle) {
            pingedAt = now
            session.ping()
            loop.touch(self)
        }
        sweepCalls(at: now, timeouts)
    }

    private func giveUp() {
        loop.state.counters.timeouts.add()
        session.terminate(NGHTTP2_NO_ERROR)
        end()
    }

    private func sweepCalls(at now: Int64, _ timeouts: TransportTimeouts) {
        var next = session.calls
        while let slot = next {
            next = slot.pointee.next
            let response = slot.pointee.response
            if response.waiting > 0 || response.isFinished && !response.hasEnded {
                let since = response.blockedSince ?? now
                slot.pointee.response.blockedSince = since
                guard now &- since > timeouts.blockedWrite.nanoseconds else { continue }
                loop.state.counters.timeouts.add()
                session.reset(slot, NGHTTP2_CANCEL)
                loop.touch(self)
            } else if !response.isFinished, isLate(slot, at: now, timeouts) {
                loop.expire(slot)
            }
        }
    }

    /// Whether the call's deadline passed, or its client is too slow to make it.
    private func isLate(
        _ slot: CallSlot.Pointer,
        at now: Int64,
        _ timeouts: TransportTimeouts
    ) -> Bool {
        if slot.pointee.deadline <= now { return true }
        // Also one whose message is whole: it is answered when the client has ended it.
        return !slot.pointee.isRemoteClosed && slot.pointee.isUnary
            && now &- slot.pointee.openedAt > timeouts.request.nanoseconds
    }

    // MARK: Leaving

    /// Begins the orderly end: the client is asked to open no more calls.
    override func noticeShutdown() {
        session.noticeShutdown()
        loop.touch(self)
    }

    /// Goes on with the orderly end: later calls are ignored.
    override func leave() {
        session.leave()
        loop.touch(self)
    }
}
