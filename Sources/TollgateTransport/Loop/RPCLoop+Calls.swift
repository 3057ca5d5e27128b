// What sessions tell of calls, and how it reaches the service.
extension RPCLoop {
    /// Hands on what callbacks left in the inbox.
    func deliver() {
        guard !isDelivering else { return }
        isDelivering = true
        let inbox = state.inbox
        let service = service
        var index = 0
        while index < inbox.events.count {
            openTurn()
            dispatch(inbox.events[index], to: service)
            index += 1
        }
        inbox.removeAll()
        isDelivering = false
    }

    private func dispatch(_ event: SessionEvent, to service: any LoopService) {
        let call = event.call
        if event.kind == .ended {
            service.callEnded(call, wasAnswered: event.detail == 1)
            return
        }
        guard let slot = state.slab.slot(of: call), !slot.pointee.response.isFinished else {
            return
        }
        if event.kind != .refused, slot.pointee.deadline <= state.now {
            expire(slot)
            return
        }
        let method = Int(slot.pointee.head.method)
        let bytes = UnsafeBufferPointer(
            start: UnsafePointer(state.inbox.bytes.base + event.start),
            count: event.count
        )
        switch event.kind {
        case .opened:
            slot.pointee.isSeen = true
            service.streamOpened(call, method: method)
        case .unary:
            slot.pointee.isSeen = true
            service.unary(call, method: method, message: bytes.span)
        case .message:
            if slot.pointee.response.isAnswered { return }
            // A short question may have a long answer, and one read holds thousands of them.
            if turn.bytes.count >= state.configuration.maximumHeldBytes {
                end(slot, .resourceExhausted("Too many answers at once."))
            } else {
                service.streamReceived(call, method: method, message: bytes.span)
            }
        case .halfClosed:
            if !slot.pointee.response.isAnswered {
                service.streamHalfClosed(call, method: method)
            }
        case .refused:
            state.counters.refusals.add()
            let problem = CallProblem(rawValue: event.detail) ?? .badPrefix
            let status = slot.pointee.isPlain ? problem.plainStatus : problem.httpStatus
            end(slot, problem.status, httpStatus: status)
        case .ended: break
        }
    }

    /// Ends a call whose deadline passed.
    func expire(_ slot: CallSlot.Pointer) {
        state.counters.deadlines.add()
        end(slot, .deadlineExceeded)
    }

    /// Ends a call at once, whatever is staged for it, and tells its service if that waits.
    func end(
        _ slot: CallSlot.Pointer,
        _ status: RPCStatus,
        httpStatus: StaticString? = nil
    ) {
        guard !slot.pointee.response.isFinished else { return }
        state.scratch.removeAll()
        status.encodeMessage(into: state.scratch)
        slot.pointee.response.code = status.code
        slot.pointee.response.setMessage(state.scratch.base, state.scratch.count)
        slot.pointee.phase = .refused
        state.inbox.postEnd(of: slot)
        if let connection = slot.pointee.http1 {
            connection._withUnsafeGuaranteedRef { $0.finish(slot, httpStatus) }
            return
        }
        guard let session = slot.pointee.session else { return }
        session._withUnsafeGuaranteedRef { session in
            session.abandonMessage(of: slot)
            session.finish(slot, httpStatus: httpStatus)
            session.connection?._withUnsafeGuaranteedRef { touch($0) }
        }
    }

    /// The value of a call's header.
    ///
    /// - Parameters:
    ///   - name: in lower case.
    ///   - call: one that has not ended.
    /// - Returns: nil without such a header, and for methods that do not keep theirs.
    package func header(_ name: StaticString, of call: CallID) -> [UInt8]? {
        state.slab.slot(of: call)?.pointee.headers.value(of: name)
    }

    /// The values of all headers of a call with this name, as `header(_:of:)` has the first.
    package func headers(_ name: StaticString, of call: CallID) -> [[UInt8]] {
        state.slab.slot(of: call)?.pointee.headers.values(of: name) ?? []
    }

    /// Who made the call; an empty address when it has ended.
    package func peer(of call: CallID) -> Peer {
        guard let slot = state.slab.slot(of: call) else { return Peer(address: "") }
        if let connection = slot.pointee.http1 {
            return connection._withUnsafeGuaranteedRef { $0.peer }
        }
        guard let session = slot.pointee.session else { return Peer(address: "") }
        return session._withUnsafeGuaranteedRef { $0.peer }
    }
}
