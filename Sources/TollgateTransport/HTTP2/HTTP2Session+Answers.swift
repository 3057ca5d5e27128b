internal import CNghttp2

// How answers become frames.
extension HTTP2Session {
    /// Adds bytes to an answer; they must stay where they are until the loop has flushed.
    func lend(_ bytes: UnsafePointer<UInt8>, _ count: Int, to slot: CallSlot.Pointer) {
        let wasLent = slot.pointee.response.isLent
        slot.pointee.response.lend(bytes, count)
        waitingBytes += count
        state.lentCalls += (slot.pointee.response.isLent ? 1 : 0) - (wasLent ? 1 : 0)
    }

    /// Begins an answer whose bytes lie, or will lie, in the slot.
    func submitHeaders(_ slot: CallSlot.Pointer) {
        slot.pointee.response.hasHeaders = true
        var provider = nghttp2_data_provider()
        provider.source.ptr = UnsafeMutableRawPointer(slot)
        provider.read_callback = HTTP2Callbacks.readData
        let fields: [2 of nghttp2_nv] = [
            HTTP2Fields.field(":status", "200"),
            HTTP2Fields.field("content-type", "application/grpc"),
        ]
        fields.span.withUnsafeBufferPointer {
            _ = nghttp2_submit_response(
                session,
                slot.pointee.streamID,
                $0.baseAddress,
                $0.count,
                &provider
            )
        }
        noteEnd(of: slot)
    }

    /// Tells nghttp2 that a deferred answer goes on.
    func resume(_ slot: CallSlot.Pointer) {
        noteEnd(of: slot)
        guard slot.pointee.response.isDeferred else { return }
        slot.pointee.response.isDeferred = false
        if slot.pointee.response.waiting == 0, slot.pointee.response.isFinished {
            // Nothing left but the end: an empty DATA frame in between would look like a flood.
            submitTrailers(slot)
        } else {
            nghttp2_session_resume_data(session, slot.pointee.streamID)
        }
    }

    /// Ends an answer: behind what is on its way, or with nothing else at all.
    ///
    /// The HTTP status is for a call that has no answer yet; nil for the usual one.
    func finish(_ slot: CallSlot.Pointer, httpStatus: StaticString? = nil) {
        if slot.pointee.isPlain { return finishPlain(slot, httpStatus) }
        slot.pointee.response.isFinished = true
        if slot.pointee.response.hasHeaders {
            resume(slot)
        } else {
            submitTrailersOnly(slot, httpStatus: httpStatus ?? "200")
        }
    }

    /// The whole answer in one HEADERS frame: "Trailers-Only".
    func submitTrailersOnly(_ slot: CallSlot.Pointer, httpStatus: StaticString) {
        slot.pointee.response.hasHeaders = true
        slot.pointee.response.hasEnded = true
        let response = slot.pointee.response
        withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: 5) { fields in
            fields.initializeElement(at: 0, to: HTTP2Fields.field(":status", httpStatus))
            fields.initializeElement(
                at: 1,
                to: HTTP2Fields.field("content-type", "application/grpc")
            )
            fields.initializeElement(
                at: 2,
                to: HTTP2Fields.field("grpc-status", response.code.digits)
            )
            var count = 3
            if let message = response.message {
                fields.initializeElement(
                    at: count,
                    to: HTTP2Fields.field("grpc-message", message, response.messageCount)
                )
                count += 1
            }
            if response.code == .unimplemented {
                fields.initializeElement(
                    at: count,
                    to: HTTP2Fields.field("grpc-accept-encoding", "identity")
                )
                count += 1
            }
            nghttp2_submit_response(
                session,
                slot.pointee.streamID,
                fields.baseAddress,
                count,
                nil
            )
        }
        noteEnd(of: slot)
    }

    /// The end of an answer that has begun.
    func submitTrailers(_ slot: CallSlot.Pointer) {
        slot.pointee.response.hasEnded = true
        let response = slot.pointee.response
        let fields: [2 of nghttp2_nv] = [
            HTTP2Fields.field("grpc-status", response.code.digits),
            response.message.map {
                HTTP2Fields.field("grpc-message", $0, response.messageCount)
            } ?? HTTP2Fields.field("grpc-message", ""),
        ]
        let count = response.message == nil ? 1 : 2
        fields.span.withUnsafeBufferPointer {
            _ = nghttp2_submit_trailer(session, slot.pointee.streamID, $0.baseAddress, count)
        }
    }

    /// Remembers to ask the peer to stop sending once the end of its call has left.
    func noteEnd(of slot: CallSlot.Pointer) {
        guard slot.pointee.response.isFinished, !slot.pointee.isRemoteClosed,
            !slot.pointee.response.needsReset
        else { return }
        slot.pointee.response.needsReset = true
        unfinished.append(slot.pointee.id)
    }

    /// Resets calls whose end has left while the peer still sends (RFC 9113 section 8.1).
    ///
    /// - Returns: whether there were any.
    func resetUnfinished() -> Bool {
        guard !unfinished.isEmpty, nghttp2_session_want_write(session) == 0 else { return false }
        var waiting: [CallID] = []
        var count = 0
        for call in unfinished {
            guard let slot = slab.slot(of: call) else { continue }
            if slot.pointee.response.isTaken {
                reset(slot, NGHTTP2_NO_ERROR)
                expectReset()
                count += 1
            } else {
                waiting.append(call)
            }
        }
        unfinished = waiting
        return count > 0
    }

    /// Ends a stream at once.
    func reset(_ slot: CallSlot.Pointer, _ code: nghttp2_error_code) {
        slot.pointee.isCounted = true
        slot.pointee.phase = .refused
        nghttp2_submit_rst_stream(session, 0, slot.pointee.streamID, code.rawValue)
    }
}
