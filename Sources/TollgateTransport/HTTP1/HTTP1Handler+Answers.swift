internal import NIOCore

// How answers leave, and what takes too long.
extension HTTP1Handler {
    /// Answers the request that is with its service.
    func respond(_ answer: PlainAnswer, to slot: CallSlot.Pointer) {
        if isLeaving { slot.pointee.traits.isLast = true }
        slot.pointee.response.isFinished = true
        HTTP1Answer.write(
            answer,
            slot.pointee.traits,
            hasBody: slot.pointee.head.verb != .head,
            to: &output
        )
        loop.touch(self)
    }

    /// Answers it when no service does, by the status in the slot.
    func finish(_ slot: CallSlot.Pointer, _ status: StaticString? = nil) {
        let response = slot.pointee.response
        let sentence = UnsafeBufferPointer(
            start: response.message.map { UnsafePointer($0) },
            count: response.messageCount
        )
        let plain = loop.state.plain
        plain.removeAll()
        PlainAnswer.write(status ?? response.code.plainStatus, response.code, sentence, to: plain)
        respond(PlainAnswer(UnsafeBufferPointer(start: plain.base, count: plain.count)), to: slot)
    }

    /// Writes what there is, and goes on with the next request.
    func writeAnswers() {
        guard let context, clock.closingAt == nil, clock.lingerUntil == nil else { return }
        var ended: HTTP1Traits?
        var isWhole = true
        if let slot = requests.first, slot.pointee.response.isFinished {
            requests.removeFirst()
            isAsked = false
            if slot.pointee.traits.isLast { ended = slot.pointee.traits }
            isWhole = slot.pointee.isRemoteClosed
            close(slot)
        }
        if output.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(output), promise: nil)
            // The channel has the bytes; the next answer gets memory of its own.
            output = ByteBuffer()
        }
        if ended != nil || (isLeaving || isInputClosed) && requests.isEmpty {
            isEnding = true
            end(context, isWhole: isWhole)
        } else {
            askNext()
            updateReading()
        }
    }

    /// Closes what takes too long.
    func sweepConnection(at now: Int64, _ timeouts: TransportTimeouts) {
        guard let context else { return }
        func isOver(_ start: Int64?, _ limit: Duration) -> Bool {
            guard let start else { return false }
            return now &- start > limit.nanoseconds
        }
        if let end = clock.lingerUntil {
            if now > end { context.close(promise: nil) }
        } else if isOver(clock.closingAt, timeouts.blockedWrite)
            || isOver(clock.blockedAt, timeouts.blockedWrite)
            || isOver(clock.inputClosedAt, timeouts.request)
        {
            if clock.closingAt == nil { loop.state.counters.timeouts.add() }
            context.close(promise: nil)
        } else if isReading && isOver(requests.last?.pointee.openedAt, timeouts.request)
            || isOver(clock.headAt, timeouts.request)
        {
            loop.state.counters.timeouts.add()
            fail(.tooSlow)
        } else if requests.isEmpty, isOver(clock.activeAt, timeouts.idle) {
            loop.state.counters.timeouts.add()
            clock.closingAt = now
            context.close(promise: nil)
        }
    }
}

/// When things began on an HTTP/1 connection that may not last for ever; nanoseconds of the loop.
struct HTTP1Clock {
    /// When something of a request came last.
    var activeAt: Int64
    /// When a head began that is not whole.
    var headAt: Int64?
    /// When the channel stopped to take what is written.
    var blockedAt: Int64?
    /// When the client closed its half: it may be gone, and waits for no answer for ever.
    var inputClosedAt: Int64?
    /// When the connection was closed.
    var closingAt: Int64?
    /// Until when the client may read the last answer.
    var lingerUntil: Int64?

    init(now: Int64) {
        activeAt = now
    }
}
