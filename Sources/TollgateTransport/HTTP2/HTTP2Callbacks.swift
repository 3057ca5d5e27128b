internal import CNghttp2

/// The functions that nghttp2 calls; each finds its `HTTP2Session` and notes what happened.
///
/// They run inside of `HTTP2Session.receive` and `drain`, on the loop's thread, and call nothing of
/// nghttp2 but what may be called there: submitting, and reading a stream's user data.
enum HTTP2Callbacks {
    /// Every byte of the PING that follows a shutdown notice.
    static let noticeMark: UInt8 = 0x54

    static func install(on callbacks: OpaquePointer) {
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, context in
            guard let header, let context else { return 0 }
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.beginFrame($0, header.pointee)
            }
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, context in
            guard let frame, let context else { return 0 }
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.beginHeaders($0, frame)
            }
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _,
            frame,
            name,
            nameCount,
            value,
            valueCount,
            _,
            context in
            guard let frame, let context else { return 0 }
            let name = UnsafeBufferPointer(start: name, count: nameCount)
            let value = UnsafeBufferPointer(start: value, count: valueCount)
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.header($0, frame, name, value)
            }
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _,
            flags,
            streamID,
            data,
            count,
            context in
            guard let context else { return 0 }
            let piece = UnsafeBufferPointer(start: data, count: count)
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.data(
                    $0,
                    streamID,
                    piece,
                    isLastFrame: flags & HTTP2Callbacks.endStream != 0
                )
            }
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
            guard let frame, let context else { return 0 }
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.received($0, frame)
            }
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) {
            _,
            frame,
            _,
            context in
            guard let frame, let context else { return 0 }
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.invalid($0, frame)
            }
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
            _,
            streamID,
            code,
            context in
            guard let context else { return 0 }
            return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef {
                HTTP2Callbacks.closed($0, streamID, code)
            }
        }
    }

    private static let endStream = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
    private static let stop = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue

    /// The session that made the call; it is on the stack below, so it is alive.
    private static func session(_ context: UnsafeMutableRawPointer) -> Unmanaged<HTTP2Session> {
        Unmanaged.fromOpaque(context)
    }

    // MARK: Frames

    private static func beginFrame(_ session: HTTP2Session, _ header: nghttp2_frame_hd) -> Int32 {
        switch header.type {
        case UInt8(NGHTTP2_SETTINGS.rawValue), UInt8(NGHTTP2_PING.rawValue),
            UInt8(NGHTTP2_WINDOW_UPDATE.rawValue):
            session.countControl() ? 0 : stop
        case UInt8(NGHTTP2_PRIORITY.rawValue):
            session.countGlitch() ? 0 : stop
        default: 0
        }
    }

    private static func beginHeaders(
        _ session: HTTP2Session,
        _ frame: UnsafePointer<nghttp2_frame>
    ) -> Int32 {
        // Anything else that begins headers is trailers of a call that is open already.
        if frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
            session.open(stream: frame.pointee.hd.stream_id)
        }
        return 0
    }

    private static func header(
        _ session: HTTP2Session,
        _ frame: UnsafePointer<nghttp2_frame>,
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) -> Int32 {
        guard let slot = session.slot(ofStream: frame.pointee.hd.stream_id) else { return 0 }
        // Trailers are counted with the headers, and mean nothing to gRPC.
        guard slot.pointee.head.count(name, value, session.budget) else {
            session.reset(slot, NGHTTP2_ENHANCE_YOUR_CALM)
            return session.countGlitch() ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue : stop
        }
        guard slot.pointee.phase == .headers else { return 0 }
        if RequestHead.reads(name) {
            slot.pointee.head.read(name, value, session.state.methods)
        }
        if slot.pointee.head.keepsHeaders { slot.pointee.headers.append(name, value) }
        return 0
    }

    private static func received(
        _ session: HTTP2Session,
        _ frame: UnsafePointer<nghttp2_frame>
    ) -> Int32 {
        let header = frame.pointee.hd
        switch header.type {
        case UInt8(NGHTTP2_HEADERS.rawValue):
            guard let slot = session.slot(ofStream: header.stream_id) else { return 0 }
            if slot.pointee.phase == .headers { session.begin(slot) }
            if header.flags & endStream != 0 { session.endOfRequest(slot) }
        case UInt8(NGHTTP2_DATA.rawValue):
            if header.flags & endStream != 0 {
                guard let slot = session.slot(ofStream: header.stream_id) else { return 0 }
                session.endOfRequest(slot)
            } else if header.length == 0 {
                return session.countGlitch() ? 0 : stop
            }
        case UInt8(NGHTTP2_RST_STREAM.rawValue):
            session.state.counters.resets.add()
            session.slot(ofStream: header.stream_id)?.pointee.isCounted = true
            return session.countReset() ? 0 : stop
        case UInt8(NGHTTP2_SETTINGS.rawValue):
            session.hasSettings = true
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 { session.isSettled = true }
        case UInt8(NGHTTP2_GOAWAY.rawValue):
            session.isPeerLeaving = true
        case UInt8(NGHTTP2_PING.rawValue):
            let isAnswer = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
            if isAnswer, frame.pointee.ping.opaque_data.0 == noticeMark {
                session.isNoticeSeen = true
            }
        default: break
        }
        return 0
    }

    private static func invalid(
        _ session: HTTP2Session,
        _ frame: UnsafePointer<nghttp2_frame>
    ) -> Int32 {
        session.slot(ofStream: frame.pointee.hd.stream_id)?.pointee.isCounted = true
        return session.countGlitch() ? 0 : stop
    }

    private static func closed(
        _ session: HTTP2Session,
        _ streamID: Int32,
        _ code: UInt32
    ) -> Int32 {
        guard let slot = session.slot(ofStream: streamID) else { return 0 }
        let wasCounted = slot.pointee.isCounted
        if !slot.pointee.response.isTaken { session.inbox.postEnd(of: slot) }
        session.close(slot)
        // A reset that nghttp2 made by itself, as for a wrong content-length.
        if code != NGHTTP2_NO_ERROR.rawValue, !wasCounted {
            return session.countGlitch() ? 0 : stop
        }
        return 0
    }

    // MARK: Data

    private static func data(
        _ session: HTTP2Session,
        _ streamID: Int32,
        _ piece: UnsafeBufferPointer<UInt8>,
        isLastFrame: Bool
    ) -> Int32 {
        guard let slot = session.slot(ofStream: streamID) else { return 0 }
        session.read(piece, of: slot, isLastFrame: isLastFrame)
        return 0
    }

    /// Hands the bytes of an answer to nghttp2, and the end behind the last of them.
    static let readData: nghttp2_data_source_read_callback = {
        _,
        _,
        buffer,
        capacity,
        flags,
        source,
        context in
        guard let buffer, let flags, let context, let data = source?.pointee.ptr else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        let slot = data.assumingMemoryBound(to: CallSlot.self)
        return HTTP2Callbacks.session(context)._withUnsafeGuaranteedRef { session in
            let wasLent = slot.pointee.response.isLent
            let count = slot.pointee.response.take(into: buffer, capacity)
            session.waitingBytes -= count
            if wasLent, !slot.pointee.response.isLent { session.state.lentCalls -= 1 }
            guard slot.pointee.response.waiting == 0 else { return count }
            if slot.pointee.isPlain {
                flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
                return count
            }
            if slot.pointee.response.isFinished {
                let end = NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
                flags.pointee |= UInt32(end)
                session.submitTrailers(slot)
                return count
            }
            if count > 0 { return count }
            slot.pointee.response.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
    }
}
