internal import CNghttp2

// Which slot belongs to which stream, from its first frame to its last.
extension HTTP2Session {
    /// The slot of a stream; nil for streams that are no calls.
    func slot(ofStream streamID: Int32) -> CallSlot.Pointer? {
        if streamID == recentID, let recent { return recent }
        guard let data = nghttp2_session_get_stream_user_data(session, streamID) else { return nil }
        let slot = data.assumingMemoryBound(to: CallSlot.self)
        recentID = streamID
        recent = slot
        return slot
    }

    /// A slot for a stream that begins.
    func open(stream streamID: Int32) {
        let slot = slab.take()
        slot.pointee.streamID = streamID
        slot.pointee.session = Unmanaged.passUnretained(self)
        slot.pointee.openedAt = state.now
        slot.pointee.next = calls
        calls?.pointee.previous = slot
        calls = slot
        nghttp2_session_set_stream_user_data(session, streamID, slot)
        recentID = streamID
        recent = slot
        state.counters.callsOpen.add()
    }

    /// Gives the slot of a stream back that is gone.
    func close(_ slot: CallSlot.Pointer) {
        let previous = slot.pointee.previous
        let next = slot.pointee.next
        if let previous { previous.pointee.next = next } else { calls = next }
        next?.pointee.previous = previous
        if recent == slot {
            recent = nil
            recentID = 0
        }
        if tentative == slot { tentative = nil }
        abandonMessage(of: slot)
        if slot.pointee.response.isLent { state.lentCalls -= 1 }
        waitingBytes -= slot.pointee.response.waiting
        slab.give(back: slot)
        state.counters.callsOpen.add(-1)
    }

    /// The connection is gone: every call ends, and events tell of those that a service saw.
    func closeAllCalls() {
        while let slot = calls {
            inbox.postEnd(of: slot)
            close(slot)
        }
    }

    /// Keeps a message that lies in the inbox although its frame goes on in the next read.
    func keepTentative() {
        guard let slot = tentative else { return }
        tentative = nil
        let base = inbox.bytes.base + tentativeStart
        keep(UnsafeBufferPointer(start: base, count: tentativeCount), of: slot)
    }

    /// Stops reading a call, whose end follows when the inbox is handed on.
    func refuse(_ slot: CallSlot.Pointer, _ problem: CallProblem) {
        guard slot.pointee.phase != .refused else { return }
        slot.pointee.phase = .refused
        // Other refusals are the peer's own doing.
        if problem == .tooMuchAtOnce { abandonMessage(of: slot) } else { forgetMessage(of: slot) }
        inbox.post(.refused, slot.pointee.id, detail: problem.rawValue)
    }

    /// Frees what was stored of a message that its call will not be asked with.
    func abandonMessage(of slot: CallSlot.Pointer) {
        let count = slot.pointee.reader.storedCount
        guard count > 0 else { return }
        excuseIdle(count)
        forgetMessage(of: slot)
    }

    /// Frees what was stored of a message.
    func forgetMessage(of slot: CallSlot.Pointer) {
        partialBytes -= slot.pointee.reader.storedCount
        slot.pointee.reader.discard()
    }
}
