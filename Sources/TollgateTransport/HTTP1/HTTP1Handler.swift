internal import NIOCore
internal import NIOHTTP1

/// Between a channel that speaks HTTP/1.1 and its loop: requests behind NIO's parser, answers in
/// order, and the clock.
///
/// One request at a time is with the service; those that the client sent behind it wait in their
/// slots, and when there are some, nothing more is read. What is refused is answered in its place,
/// and is the last answer of the connection unless the whole request was read. Confined to its loop.
final class HTTP1Handler: Connection, ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// From so many unanswered requests on nothing more is read.
    private static let pauseCount = 16
    /// So many may be in what was read already; a client that sends more gets no answer to them.
    private static let requestLimit = 1024
    /// How long a client may take to read an answer that came before all of its request was read.
    private static let lingerTime = Duration.seconds(2)

    let peer: Peer
    let loop: RPCLoop
    var context: ChannelHandlerContext?
    var output = ByteBuffer()
    /// Unanswered requests, oldest first.
    var requests = CircularBuffer<CallSlot.Pointer>()
    /// Whether the oldest is with its service.
    var isAsked = false
    /// Whether the server stops, so that the next answer is the last one.
    var isLeaving = false
    /// Whether no more requests are taken.
    var isEnding = false
    /// Whether the client has closed its half of the connection.
    var isInputClosed = false
    /// Bytes of requests that wait or are not whole.
    var keptBytes = 0
    var clock: HTTP1Clock
    /// Whether parts came in what is being read.
    private var hasParts = false
    /// Whether the channel wants to read and was not let.
    private var hasPendingRead = false

    init(_ loop: RPCLoop, peer: Peer) {
        self.loop = loop
        self.peer = peer
        clock = HTTP1Clock(now: loop.now)
    }

    /// The parser, with the budget of the peer.
    static func makeParser(_ budget: PeerBudget) -> ByteToMessageHandler<HTTPRequestDecoder> {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = budget.headerListBytes
        limits.maxHeaderListSize = budget.headerListBytes
        limits.maxHeaderFieldCount = budget.headerListFields
        return ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits))
    }

    override var channelID: ObjectIdentifier? { context.map { ObjectIdentifier($0.channel) } }

    var budget: PeerBudget {
        let configuration = loop.state.configuration
        return peer.isTrusted ? configuration.trusted : configuration.untrusted
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.connections.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.connections.remove(self)
        endAllCalls()
        loop.deliver()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isEnding = true
        clock.closingAt = clock.closingAt ?? loop.now
        endAllCalls()
        loop.deliver()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasParts = true
        guard !isEnding else { return }
        loop.openTurn()
        clock.activeAt = loop.now
        clock.headAt = nil
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let bytes): read(bytes)
        case .end: endRequest()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes without a part are the beginning of a head, which must not take for ever.
        if !hasParts, !isEnding, !isReading {
            loop.refreshTime()
            clock.headAt = clock.headAt ?? loop.now
        }
        hasParts = false
        askNext()
        loop.deliver()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.blockedAt = context.channel.isWritable ? nil : loop.now
        if context.channel.isWritable { loop.touch(self) }
        updateReading()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { endInput() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Bytes behind what the parser gave up on; that was answered.
        if error is ByteToMessageDecoderError { return }
        guard let error = error as? HTTPParserError else {
            // The socket or TLS failed: nobody reads an answer.
            context.close(promise: nil)
            return
        }
        // What is behind the last request, or was refused already, changes nothing any more.
        guard context.channel.isActive, !isEnding else { return }
        // The client has ended its half amid a request: `endInput` follows.
        if error == .invalidEOFState { return }
        loop.openTurn()
        loop.state.counters.protocolErrors.add()
        switch error {
        case .headerOverflow: fail(.headTooLong)
        case .invalidVersion: fail(.badVersion)
        default: fail(.badRequest)
        }
        loop.deliver()
    }

    func read(context: ChannelHandlerContext) {
        if canRead(context) {
            context.read()
        } else {
            hasPendingRead = true
        }
    }

    private func canRead(_ context: ChannelHandlerContext) -> Bool {
        context.channel.isWritable && !loop.isFull && requests.count < HTTP1Handler.pauseCount
    }

    override func updateReading() {
        guard hasPendingRead, let context, canRead(context) else { return }
        hasPendingRead = false
        context.read()
    }

    // MARK: Requests

    /// Whether the youngest request is not whole.
    var isReading: Bool { requests.last?.pointee.phase == .body }

    private func begin(_ head: HTTPRequestHead) {
        guard requests.count < HTTP1Handler.requestLimit else { return fail(.tooManyRequests) }
        let slot = add()
        slot.pointee.phase = .body
        slot.pointee.traits.isOld = head.version == .http1_0
        slot.pointee.traits.isLast = !head.isKeepAlive || HTTP1Head.asksForUpgrade(head)
        if let problem = HTTP1Head.problem(head) { return fail(problem) }
        var path = head.uri
        let isKnown = path.withUTF8 {
            slot.pointee.head.readPlain(HTTPVerb(head.method), $0, loop.state.methods)
        }
        // The rest is read and forgotten, so that the connection can go on.
        if !isKnown { slot.pointee.traits.problem = .noSuchPath }
        HTTP1Head.store(head, in: slot)
        keep(slot.pointee.reader.storedCount)
        guard HTTP1Head.expectsContinue(head), requests.count == 1, !isEnding else { return }
        output.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        loop.touch(self)
    }

    /// A slot for a request that begins.
    private func add() -> CallSlot.Pointer {
        let slot = loop.state.slab.take()
        slot.pointee.http1 = Unmanaged.passUnretained(self)
        slot.pointee.openedAt = loop.now
        let noPath = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        _ = slot.pointee.head.readPlain(.other, noPath, loop.state.methods)
        requests.append(slot)
        loop.state.counters.calls.add()
        loop.state.counters.callsOpen.add()
        return slot
    }

    private func read(_ bytes: ByteBuffer) {
        guard isReading, let slot = requests.last else { return }
        let limit = loop.state.configuration.maximumMessageBytes
        guard bytes.readableBytes <= limit - slot.pointee.reader.storedCount else {
            return fail(.bodyTooLong)
        }
        bytes.withUnsafeReadableBytes {
            slot.pointee.reader.store($0.bindMemory(to: UInt8.self))
        }
        keep(bytes.readableBytes)
    }

    private func keep(_ count: Int) {
        keptBytes += count
        if keptBytes > budget.partialMessageBytes { fail(.tooMuchAtOnce) }
    }

    private func endRequest() {
        guard isReading, let slot = requests.last else { return }
        slot.pointee.isRemoteClosed = true
        slot.pointee.phase = slot.pointee.traits.problem == nil ? .complete : .refused
        if slot.pointee.traits.isLast { isEnding = true }
    }

    /// The client sends no more: what it has not finished is dropped, the rest is answered, and then
    /// the connection ends.
    private func endInput() {
        isInputClosed = true
        isEnding = true
        clock.headAt = nil
        clock.inputClosedAt = loop.now
        if isReading, let slot = requests.popLast() { close(slot) }
        requests.last?.pointee.traits.isLast = true
        loop.touch(self)
    }

    /// Refuses the request that is being read, or the one that could not be, and all behind it.
    func fail(_ problem: CallProblem) {
        let slot = isReading ? requests.last ?? add() : add()
        slot.pointee.phase = .refused
        slot.pointee.traits.problem = problem
        slot.pointee.traits.isLast = true
        isEnding = true
        clock.headAt = nil
        askNext()
    }

    /// Hands the oldest request to its service when it is whole.
    func askNext() {
        guard !isAsked, let slot = requests.first else { return }
        let inbox = loop.state.inbox
        switch slot.pointee.phase {
        case .complete:
            let message = slot.pointee.reader.stored
            let start = inbox.store(message)
            inbox.post(.unary, slot.pointee.id, start: start, count: message.count)
        case .refused:
            let problem = slot.pointee.traits.problem ?? .badRequest
            inbox.post(.refused, slot.pointee.id, detail: problem.rawValue)
        case .headers, .body: return
        }
        isAsked = true
        forgetMessage(of: slot)
    }

    private func forgetMessage(of slot: CallSlot.Pointer) {
        keptBytes -= slot.pointee.reader.storedCount
        slot.pointee.reader.discard()
    }

    /// Gives the slot of a request back.
    func close(_ slot: CallSlot.Pointer) {
        forgetMessage(of: slot)
        loop.state.slab.give(back: slot)
        loop.state.counters.callsOpen.add(-1)
    }

    /// The connection is gone: every request ends, and an event tells of one that a service has.
    private func endAllCalls() {
        while let slot = requests.popFirst() {
            loop.state.inbox.postEnd(of: slot)
            close(slot)
        }
    }

    // MARK: The loop

    override func flush() {
        writeAnswers()
    }

    override func sweep(at now: Int64, _ timeouts: TransportTimeouts) {
        sweepConnection(at: now, timeouts)
    }

    override func noticeShutdown() {
        isLeaving = true
        loop.touch(self)
    }

    // MARK: Ending

    /// Closes when all that was written has left.
    ///
    /// While the client still sends, only our half: else what it has sent unread would have its
    /// system throw the answer away (RFC 9112 section 9.6).
    func end(_ context: ChannelHandlerContext, isWhole: Bool) {
        guard clock.lingerUntil == nil, clock.closingAt == nil else { return }
        if isWhole || isInputClosed {
            clock.closingAt = loop.now
            closeBehindWrites(context)
            return
        }
        clock.lingerUntil = loop.now &+ HTTP1Handler.lingerTime.nanoseconds
        let channel = context.channel
        context.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
    }
}
