package import NIOCore
internal import TollgateMetrics

/// One event loop: its calls, its service, and the turns in which answers leave.
///
/// Everything that is read in one tick of the loop belongs to one turn. The first bytes begin it;
/// when all readable connections were read, the service says what happens to its answers, and each
/// connection that has something to send does one write.
///
/// The unchecked conformance is safe because all state is touched on the event loop's thread only.
/// Everything must be called there, which debug builds check where turns begin and end, but four:
/// `execute`, `schedule` and `wakeService` only pass work to that thread, and `statistics` reads
/// atomic counters.
package final class RPCLoop: @unchecked Sendable {
    /// The number of the loop, from 0.
    package let index: Int
    let eventLoop: any EventLoop
    let state: LoopState
    var service: any LoopService = RetiredService()
    var connections = ConnectionList()
    var channels = LoopChannels()

    // Swift would check at run time that no access to these overlaps another, at 100 instructions
    // each. None can: they are touched on one thread, and no access lasts while anything is called
    // but the methods of arrays.
    @exclusivity(unchecked) var turn = Turn()
    @exclusivity(unchecked) private var isTurnOpen = false
    @exclusivity(unchecked) private var isTickScheduled = false
    @exclusivity(unchecked) var isDelivering = false
    /// Connections with something to send at the end of the tick.
    @exclusivity(unchecked) private var dirty: [Connection] = []
    /// Those of them that are being flushed; the others wait for the next tick.
    @exclusivity(unchecked) private var flushing: [Connection] = []
    /// Turns that wait, for the service or for an earlier one, oldest first.
    @exclusivity(unchecked) private var queue = CircularBuffer<Turn>()
    /// Turns whose bytes are lent until the end of the flush.
    @exclusivity(unchecked) private var leaving: [Turn] = []
    @exclusivity(unchecked) private var spare: [Turn] = []
    @exclusivity(unchecked) private var heldAnswers = 0
    @exclusivity(unchecked) private var heldBytes = 0
    /// Whether so much is held that nothing more is read.
    @exclusivity(unchecked) private(set) var isFull = false

    /// Makes a loop and its service.
    ///
    /// - Parameters:
    ///   - eventLoop: whose thread this is called on.
    ///   - index: the number of the loop.
    ///   - configuration: bounds; its `maximumConnections` are those of this loop.
    ///   - methods: what can be called.
    ///   - makeService: makes the service that answers.
    /// - Throws: when nghttp2 has no memory.
    package init(
        eventLoop: any EventLoop,
        index: Int,
        configuration: TransportConfiguration,
        methods: MethodTable,
        makeService: (RPCLoop) -> any LoopService
    ) throws(TransportError) {
        self.eventLoop = eventLoop
        self.index = index
        state = try LoopState(configuration: configuration, methods: methods)
        state.now = nanoseconds
        service = makeService(self)
    }

    /// The time of the turn: nanoseconds on the loop's monotonic clock.
    package var now: Int64 { state.now }

    private var nanoseconds: Int64 { Int64(clamping: eventLoop.now.uptimeNanoseconds) }

    /// Reads the clock; turns do so by themselves.
    func refreshTime() {
        state.now = nanoseconds
    }

    /// What this loop counted so far; may be read on any thread.
    package var statistics: TransportStatistics {
        var sum = TransportStatistics()
        state.counters.add(to: &sum)
        return sum
    }

    /// Lets go of the service; nothing may be called afterwards.
    package func retire() {
        service = RetiredService()
    }

    // MARK: Turns

    /// Begins a turn unless one is open: for a service that does something without being called.
    package func openTurn() {
        eventLoop.assertInEventLoop()
        guard !isTurnOpen else { return }
        isTurnOpen = true
        state.now = nanoseconds
        turn.beganAt = state.now
        scheduleTick()
        service.turnBegan()
    }

    /// Has the end of the tick run once everything of this tick was read.
    private func scheduleTick() {
        guard !isTickScheduled else { return }
        isTickScheduled = true
        eventLoop.execute { self.endTick() }
    }

    /// Has the connection flushed at the end of the tick.
    func touch(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
        scheduleTick()
    }

    private func endTick() {
        isTickScheduled = false
        if isTurnOpen {
            let outcome = service.turnEnds()
            isTurnOpen = false
            close(outcome)
        } else {
            state.now = nanoseconds
        }
        releaseResolvedTurns()
        flush()
        deliver()
        updateFullness()
    }

    /// Decides what becomes of the turn that ended.
    private func close(_ outcome: TurnOutcome) {
        // A turn that stages nothing has nothing to hold, but it is counted: the service will name
        // it when it releases.
        if case .hold = outcome {
            turn.disposition = .held
            enqueueTurn()
            return
        }
        if case .refuse(let status) = outcome {
            turn.disposition = .refused(status)
        } else {
            turn.disposition = .released
        }
        queue.isEmpty ? releaseTurn() : enqueueTurn()
    }

    private func releaseTurn() {
        apply(turn)
        leaving.append(turn)
        turn = spare.popLast() ?? Turn()
    }

    /// Queues the turn; answers that need not wait leave all the same.
    private func enqueueTurn() {
        for index in 0..<turn.answers.count {
            let answer = turn.answers[index]
            guard let slot = state.slab.slot(of: answer.call) else { continue }
            if answer.release == .now, slot.pointee.response.heldAnswers == 0 {
                apply(answer, of: turn, to: slot)
                turn.answers[index].kind = .gone
            } else {
                slot.pointee.response.heldAnswers += 1
            }
        }
        heldAnswers += turn.answers.count
        heldBytes += turn.bytes.count
        queue.append(turn)
        turn = spare.popLast() ?? Turn()
    }

    /// The oldest held turns may leave.
    ///
    /// - Parameter count: how many that `turnEnds` held; they leave at the end of this tick.
    package func release(heldTurns count: Int) {
        resolveHeldTurns(count, .released)
    }

    /// In the oldest held turns the status replaces every answer marked `.afterCommit`.
    package func refuse(heldTurns count: Int, _ status: RPCStatus) {
        resolveHeldTurns(count, .refused(status))
    }

    private func resolveHeldTurns(_ count: Int, _ disposition: Turn.Disposition) {
        eventLoop.assertInEventLoop()
        var left = count
        for held in queue where left > 0 && held.isHeld {
            held.disposition = disposition
            left -= 1
        }
        scheduleTick()
    }

    /// Applies the turns at the head of the queue that may leave.
    private func releaseResolvedTurns() {
        while let first = queue.first, !first.isHeld {
            queue.removeFirst()
            heldAnswers -= first.answers.count
            heldBytes -= first.bytes.count
            for index in 0..<first.answers.count {
                let answer = first.answers[index]
                guard answer.kind != .gone else { continue }
                state.slab.slot(of: answer.call)?.pointee.response.heldAnswers -= 1
            }
            apply(first)
            leaving.append(first)
        }
    }

    /// Every connection with something to send does one write; then the turns' bytes are free.
    private func flush() {
        // A connection that cannot send all of it at once is dirty again when it returns.
        swap(&dirty, &flushing)
        for connection in flushing {
            connection.isDirty = false
            connection.flush()
        }
        flushing.removeAll(keepingCapacity: true)
        if !leaving.isEmpty { recordLatencies() }
        if state.lentCalls > 0 { keepLentBytes() }
        for turn in leaving where spare.count < 8 {
            turn.removeAll()
            spare.append(turn)
        }
        leaving.removeAll(keepingCapacity: true)
    }

    /// Counts how long the answers took that were just handed to their sockets.
    private func recordLatencies() {
        let now = nanoseconds
        for turn in leaving where turn.committedCount > 0 {
            state.counters.answers.record(
                nanoseconds: now &- turn.beganAt,
                times: turn.committedCount
            )
        }
    }

    /// Copies what closed windows left behind, so that the turns' buffers can be used again.
    private func keepLentBytes() {
        for turn in leaving { keepLentBytes(of: turn) }
        for turn in queue { keepLentBytes(of: turn) }
        state.lentCalls = 0
    }

    private func keepLentBytes(of turn: Turn) {
        for index in 0..<turn.answers.count {
            let answer = turn.answers[index]
            guard let slot = state.slab.slot(of: answer.call), slot.pointee.response.isLent else {
                continue
            }
            slot.pointee.response.keep()
            slot.pointee.response.blockedSince = state.now
        }
    }

    /// Stops or resumes reading as answers pile up or leave.
    private func updateFullness() {
        let configuration = state.configuration
        let isOver =
            heldAnswers >= configuration.maximumHeldAnswers
            || heldBytes >= configuration.maximumHeldBytes
        guard isOver != isFull else { return }
        isFull = isOver
        for connection in connections.handlers { connection.updateReading() }
    }

    // MARK: Work

    /// Has `LoopService.serviceWoken` called on the loop; from any thread.
    package func wakeService() {
        eventLoop.execute { self.service.serviceWoken() }
    }

    /// Runs the body on the loop's thread, soon; may be called on any thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        eventLoop.execute(body)
    }

    /// Runs the body on the loop's thread after a time; may be called on any thread.
    package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        eventLoop.scheduleTask(in: .nanoseconds(delay.nanoseconds), body)
    }
}

/// Stands where a loop's service was, so that the two do not keep each other for ever.
private final class RetiredService: LoopService {
    func unary(_ call: CallID, method: Int, message: Span<UInt8>) {}
}
