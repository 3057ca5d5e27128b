// How a service answers: into the turn first, and from there to the sessions.
extension RPCLoop {
    /// Answers a unary call with one message and status OK.
    package func reply(to call: CallID, with message: Span<UInt8>, _ release: Release) {
        stage(.reply, call, message, release)
    }

    /// Ends a unary call without a message.
    package func fail(_ call: CallID, _ status: RPCStatus, _ release: Release) {
        finish(call, status, release)
    }

    /// Sends a message of a streaming call.
    package func send(_ message: Span<UInt8>, on call: CallID, _ release: Release) {
        stage(.message, call, message, release)
    }

    /// Ends a streaming call.
    package func finish(_ call: CallID, _ status: RPCStatus, _ release: Release) {
        guard canStage(call, isLast: true) else { return }
        turn.end(call, status, release)
    }

    private func stage(
        _ kind: StagedAnswer.Kind,
        _ call: CallID,
        _ message: Span<UInt8>,
        _ release: Release
    ) {
        guard canStage(call, isLast: kind == .reply) else { return }
        precondition(message.count <= Int(UInt32.max), "a message has a 32-bit length")
        turn.add(kind, call, message, release)
    }

    /// Whether the call still waits for an answer; a turn is open afterwards.
    private func canStage(_ call: CallID, isLast: Bool) -> Bool {
        guard let slot = state.slab.slot(of: call), slot.pointee.isSeen else { return false }
        guard !slot.pointee.response.isAnswered else {
            assertionFailure("a call is answered once")
            return false
        }
        if isLast { slot.pointee.response.isAnswered = true }
        openTurn()
        return true
    }

    /// Gives the answers of a turn to their sessions.
    func apply(_ turn: Turn) {
        for index in 0..<turn.answers.count {
            let answer = turn.answers[index]
            guard answer.kind != .gone, let slot = state.slab.slot(of: answer.call) else {
                continue
            }
            if answer.release == .afterCommit, case .refused(let status) = turn.disposition {
                end(slot, status)
            } else {
                apply(answer, of: turn, to: slot)
            }
        }
    }

    func apply(_ answer: StagedAnswer, of turn: Turn, to slot: CallSlot.Pointer) {
        guard !slot.pointee.response.isFinished else { return }
        if slot.pointee.deadline <= state.now {
            expire(slot)
            return
        }
        let bytes = turn.bytes.base + answer.start
        if let connection = slot.pointee.http1 {
            connection._withUnsafeGuaranteedRef { apply(answer, bytes, to: slot, of: $0) }
            return
        }
        guard let session = slot.pointee.session else { return }
        session._withUnsafeGuaranteedRef { session in
            switch answer.kind {
            case .reply where slot.pointee.isPlain:
                session.respond(bytes + MessageReader.prefixBytes, answer.plainCount, to: slot)
            case .reply:
                slot.pointee.response.isFinished = true
                session.lend(bytes, answer.count, to: slot)
                session.submitHeaders(slot)
            case .message:
                session.lend(bytes, answer.count, to: slot)
                slot.pointee.response.hasHeaders
                    ? session.resume(slot) : session.submitHeaders(slot)
            case .end:
                slot.pointee.response.code = answer.code
                slot.pointee.response.setMessage(bytes, answer.count)
                session.finish(slot)
            case .gone: break
            }
            session.connection?._withUnsafeGuaranteedRef { touch($0) }
        }
    }

    private func apply(
        _ answer: StagedAnswer,
        _ bytes: UnsafePointer<UInt8>,
        to slot: CallSlot.Pointer,
        of connection: HTTP1Handler
    ) {
        switch answer.kind {
        case .reply:
            let message = UnsafeBufferPointer(
                start: bytes + MessageReader.prefixBytes,
                count: answer.plainCount
            )
            connection.respond(PlainAnswer(message), to: slot)
        case .end:
            slot.pointee.response.code = answer.code
            slot.pointee.response.setMessage(bytes, answer.count)
            connection.finish(slot)
        case .message, .gone: break
        }
    }
}
