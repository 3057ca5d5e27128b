internal import CNghttp2

/// One HTTP/2 connection's server side: bytes in, events out, and bytes out.
///
/// Owns its nghttp2 session. It knows no sockets and no services: callbacks leave what happened in
/// the loop's `Inbox`, and whoever called `receive` or `drain` hands it on afterwards. No method is
/// mutating and none holds an access to a property across a call into nghttp2, because callbacks
/// reach the same object. Confined to its loop.
final class HTTP2Session {
    /// Why the connection must end now.
    enum Failure {
        /// The peer broke the protocol in a way that nghttp2 does not answer itself.
        case protocolError
        /// The peer used up a budget.
        case budget
    }

    let state: LoopState
    // Of `state`, and here as well: what is two steps away costs a retain and a release each time.
    let inbox: Inbox
    let slab: CallSlab
    let budget: PeerBudget
    let peer: Peer
    // None of what follows is checked at run time for overlapping accesses, which would cost more
    // than what is done with it: one thread touches it, and nothing is called while an access lasts.
    /// Who writes for the session: owns it, and clears this when it leaves the pipeline.
    @exclusivity(unchecked) var connection: Unmanaged<HTTP2Handler>?
    let session: OpaquePointer

    /// The first of the open calls.
    @exclusivity(unchecked) var calls: CallSlot.Pointer?
    /// Calls whose end was submitted while the peer still sends.
    @exclusivity(unchecked) var unfinished: [CallID] = []
    /// The stream that a callback used last; saves nghttp2's look-up.
    @exclusivity(unchecked) var recentID: Int32 = 0
    @exclusivity(unchecked) var recent: CallSlot.Pointer?
    /// The call whose whole message lies in the inbox while the end of its frame is awaited.
    @exclusivity(unchecked) var tentative: CallSlot.Pointer?
    @exclusivity(unchecked) var tentativeStart = 0
    @exclusivity(unchecked) var tentativeCount = 0

    @exclusivity(unchecked) private(set) var failure: Failure?
    /// Whether the peer's SETTINGS came.
    @exclusivity(unchecked) var hasSettings = false
    /// Whether the peer acknowledged ours.
    @exclusivity(unchecked) var isSettled = false
    /// How many plain answers wait for that.
    @exclusivity(unchecked) var unsettledAnswers = 0
    /// Whether the peer answered the PING that follows the shutdown notice.
    @exclusivity(unchecked) var isNoticeSeen = false
    /// Whether the peer said that it is leaving.
    @exclusivity(unchecked) var isPeerLeaving = false
    /// Whether the peer has closed its half of the connection.
    @exclusivity(unchecked) private(set) var isInputClosed = false
    /// Whether we said so.
    @exclusivity(unchecked) private(set) var isLeaving = false
    @exclusivity(unchecked) private var hasSentGoaway = false
    /// Bytes of answers that nghttp2 has not taken.
    @exclusivity(unchecked) var waitingBytes = 0
    /// Bytes of messages that are not whole.
    @exclusivity(unchecked) var partialBytes = 0
    @exclusivity(unchecked) private var idleBytes: Int64 = 0
    private let idleBytesLimit: Int64
    @exclusivity(unchecked) private var glitches: TokenBucket
    @exclusivity(unchecked) private var controls: TokenBucket
    @exclusivity(unchecked) private var resets: TokenBucket

    /// Begins a session and queues our SETTINGS.
    ///
    /// - Throws: when there is no memory for it.
    init(_ state: LoopState, peer: Peer) throws(TransportError) {
        let budget = peer.isTrusted ? state.configuration.trusted : state.configuration.untrusted
        var created: OpaquePointer?
        guard
            nghttp2_session_server_new3(
                &created,
                state.library.callbacks,
                nil,
                state.library.options(trusted: peer.isTrusted),
                state.library.memory.functions
            ) == 0,
            let created
        else {
            throw TransportError(code: .state, message: "nghttp2 has no memory for a session")
        }
        session = created
        self.state = state
        inbox = state.inbox
        slab = state.slab
        self.budget = budget
        self.peer = peer
        idleBytesLimit = max(
            budget.idleBytes,
            2 * Int64(state.configuration.maximumMessageBytes)
        )
        glitches = TokenBucket(budget.glitches, at: state.now)
        controls = TokenBucket(budget.controls, at: state.now)
        resets = TokenBucket(budget.resets, at: state.now)
        // Unretained: the session is deleted in deinit, and no callback runs later.
        nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        submitSettings()
    }

    deinit {
        // The memory goes back to the library, which `state` holds.
        nghttp2_session_del(session)
    }

    private func submitSettings() {
        let configuration = state.configuration
        let entries: [(nghttp2_settings_id, UInt32)] = [
            (NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 4096),
            (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, configuration.maximumConcurrentStreams),
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, configuration.streamWindowBytes),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: budget.headerListBytes)),
            (NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        ]
        let settings = entries.map {
            nghttp2_settings_entry(settings_id: Int32($0.0.rawValue), value: $0.1)
        }
        nghttp2_submit_settings(session, 0, settings, settings.count)
        let window = configuration.connectionWindowBytes
        nghttp2_session_set_local_window_size(session, 0, 0, window)
    }

    // MARK: Bytes

    /// Takes bytes from the peer; events are in the inbox afterwards.
    ///
    /// - Returns: false when the session failed; see `failure`.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard failure == nil, let base = bytes.baseAddress else { return failure == nil }
        idleBytes += Int64(bytes.count)
        let result = nghttp2_session_mem_recv(
            session,
            base.assumingMemoryBound(to: UInt8.self),
            bytes.count
        )
        keepTentative()
        if result < 0, failure == nil {
            // Floods that nghttp2 itself counts are budgets too.
            let isFlood =
                result == Int(NGHTTP2_ERR_FLOODED.rawValue)
                || result == HTTP2Session.tooManyContinuations
            failure = isFlood ? .budget : .protocolError
        }
        // Unfinished messages have a budget of their own, which costs one call and not all of them.
        if idleBytes &- Int64(partialBytes) > idleBytesLimit { fail(.budget) }
        return failure == nil
    }

    /// `NGHTTP2_ERR_TOO_MANY_CONTINUATIONS`, which older headers do not name.
    private static let tooManyContinuations = -905

    /// Appends to the loop's outbound bytes what can be sent now, up to about `limit` bytes.
    ///
    /// Afterwards `failure` may be set.
    func drain(limit: Int) {
        while true {
            while state.outbound.count < limit {
                var data: UnsafePointer<UInt8>?
                let count = nghttp2_session_mem_send(session, &data)
                guard count >= 0 else {
                    fail(.protocolError)
                    return
                }
                guard count > 0, let data else { break }
                state.outbound.append(data, count)
            }
            guard resetUnfinished() else { return }
        }
    }

    /// Whether there is nothing more to do in either direction.
    var isDone: Bool {
        nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    /// Whether drain would find something.
    var wantsWrite: Bool { nghttp2_session_want_write(session) != 0 }

    // MARK: Budgets

    func fail(_ reason: Failure) {
        if failure == nil { failure = reason }
    }

    /// Counts something odd that the peer did; false when it was once too often.
    func countGlitch() -> Bool {
        if glitches.take(at: state.now) { return true }
        fail(.budget)
        return false
    }

    /// Counts a control frame; false when it was one too many.
    func countControl() -> Bool {
        if controls.take(at: state.now) { return true }
        fail(.budget)
        return false
    }

    /// Counts a stream that the peer reset; false when it was one too many.
    func countReset() -> Bool {
        if resets.take(at: state.now) { return true }
        fail(.budget)
        return false
    }

    /// A call was ended here while its peer still sends: peers answer that with a reset of their own,
    /// which is then paid for.
    func expectReset() {
        resets.give(1)
    }

    /// A message became whole: it pays for some of what came around it.
    func countMessage(_ bytes: Int) {
        controls.give(budget.controlsPerRequest)
        idleBytes = max(0, idleBytes - Int64(bytes) - budget.idleBytesPerRequest)
    }

    /// A message will not become whole: what came of it was none of the peer's idle talk.
    ///
    /// Resets are counted one by one, and must not cost a proxy its connection when the requests of
    /// some clients were long.
    func excuseIdle(_ bytes: Int) {
        idleBytes = max(0, idleBytes - Int64(bytes))
    }

    /// Adds to the bytes of unfinished messages; false when they are too many.
    func addPartial(_ bytes: Int) -> Bool {
        partialBytes += bytes
        return partialBytes <= budget.partialMessageBytes
    }

    /// Keeps a whole message until the end of its call; refuses the call when that is too much.
    func keep(_ message: UnsafeBufferPointer<UInt8>, of slot: CallSlot.Pointer) {
        slot.pointee.reader.store(message)
        if !addPartial(message.count) { refuse(slot, .tooMuchAtOnce) }
    }

    // MARK: The end

    /// The peer sends no more: calls that it has not finished end, the others are answered.
    ///
    /// Plain answers wait no longer for an acknowledgement, which cannot come any more.
    func endInput() {
        isInputClosed = true
        isSettled = true
        submitUnsettled()
        var next = calls
        while let slot = next {
            next = slot.pointee.next
            guard !slot.pointee.isRemoteClosed else { continue }
            if !slot.pointee.response.isFinished { reset(slot, NGHTTP2_CANCEL) }
        }
    }

    /// Whether the peer sends no more and has all of its answers.
    var isOver: Bool { isInputClosed && calls == nil }

    /// Asks whether the peer is still there.
    func ping() {
        nghttp2_submit_ping(session, 0, nil)
    }

    /// Says that no more calls should come, without refusing those that are on their way.
    func noticeShutdown() {
        guard !isLeaving else { return }
        isLeaving = true
        nghttp2_submit_shutdown_notice(session)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8) { mark in
            mark.initialize(repeating: HTTP2Callbacks.noticeMark)
            nghttp2_submit_ping(session, 0, mark.baseAddress)
        }
    }

    /// Names the last call that is answered; later ones are ignored.
    func leave() {
        guard !hasSentGoaway else { return }
        isLeaving = true
        hasSentGoaway = true
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(session, 0, last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// Queues the GOAWAY of a connection that ends now.
    func terminate(_ code: nghttp2_error_code) {
        nghttp2_session_terminate_session(session, code.rawValue)
    }
}
