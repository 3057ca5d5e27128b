internal import CNghttp2

// Plain HTTP requests over HTTP/2, and their answers.
//
// nginx speaks this where it is told that its authorizer is a gRPC server. It uses a connection
// again only when the answer ends with its last frame that has something in it (RFC 9113 allows an
// empty DATA frame behind), when it has acknowledged our SETTINGS before the answer comes, and when
// nothing else comes afterwards. Hence END_STREAM on HEADERS, and `isSettled`.
extension HTTP2Session {
    /// The headers of a plain request are complete.
    func beginPlain(_ slot: CallSlot.Pointer) {
        slot.pointee.storePlainHead()
        if !addPartial(slot.pointee.reader.storedCount) { refuse(slot, .tooMuchAtOnce) }
    }

    /// A piece of the body of a plain request.
    func readPlain(_ piece: UnsafeBufferPointer<UInt8>, of slot: CallSlot.Pointer) {
        let limit = state.configuration.maximumMessageBytes
        guard piece.count <= limit - slot.pointee.reader.storedCount else {
            refuse(slot, .bodyTooLong)
            return
        }
        slot.pointee.reader.store(piece)
        if !addPartial(piece.count) { refuse(slot, .tooMuchAtOnce) }
    }

    /// Answers with bytes that stay where they are until the loop has flushed: a `PlainAnswer`.
    func respond(_ bytes: UnsafePointer<UInt8>, _ count: Int, to slot: CallSlot.Pointer) {
        lend(bytes, count, to: slot)
        submitPlain(slot)
    }

    /// Answers a request that no service answers.
    func finishPlain(_ slot: CallSlot.Pointer, _ status: StaticString?) {
        let response = slot.pointee.response
        let sentence = UnsafeBufferPointer(
            start: response.message.map { UnsafePointer($0) },
            count: response.messageCount
        )
        state.plain.removeAll()
        let status = status ?? response.code.plainStatus
        PlainAnswer.write(status, response.code, sentence, to: state.plain)
        slot.pointee.response.store(state.plain.base, state.plain.count)
        waitingBytes += state.plain.count
        submitPlain(slot)
    }

    /// Submits the plain answers that waited for the peer's acknowledgement.
    func submitUnsettled() {
        guard isSettled, unsettledAnswers > 0 else { return }
        unsettledAnswers = 0
        var next = calls
        while let slot = next {
            next = slot.pointee.next
            let response = slot.pointee.response
            if slot.pointee.isPlain, response.isFinished, !response.hasHeaders {
                submitPlain(slot)
            }
        }
    }

    private func submitPlain(_ slot: CallSlot.Pointer) {
        slot.pointee.response.isFinished = true
        guard isSettled else {
            unsettledAnswers += 1
            return
        }
        slot.pointee.response.hasHeaders = true
        slot.pointee.response.hasEnded = true
        let bytes = slot.pointee.response.waitingBytes
        let answer = PlainAnswer(bytes)
        let hasBody = !answer.body.isEmpty && slot.pointee.head.verb != .head
        submitHeaders(of: answer, hasBody: hasBody, slot)
        // nghttp2 has copied the fields; the body, which is the rest, it takes later.
        let taken = hasBody ? bytes.count - answer.body.count : bytes.count
        let wasLent = slot.pointee.response.isLent
        slot.pointee.response.skip(taken)
        waitingBytes -= taken
        if wasLent, !slot.pointee.response.isLent { state.lentCalls -= 1 }
        noteEnd(of: slot)
    }

    private func submitHeaders(of answer: PlainAnswer, hasBody: Bool, _ slot: CallSlot.Pointer) {
        let length = DecimalDigits(answer.body.count)
        withUnsafeTemporaryAllocation(
            of: nghttp2_nv.self,
            capacity: PlainAnswer.fieldLimit + 2
        ) { fields in
            fields.initializeElement(at: 0, to: HTTP2Fields.copied(":status", answer.status))
            var count = 1
            answer.forEachField { name, value in
                precondition(count <= PlainAnswer.fieldLimit, "answers have few fields")
                fields.initializeElement(at: count, to: HTTP2Fields.copied(name, value))
                count += 1
            }
            length.withBytes { digits in
                let field = HTTP2Fields.copied("content-length", digits)
                fields.initializeElement(at: count, to: field)
                submit(UnsafeBufferPointer(rebasing: fields[0...count]), hasBody: hasBody, slot)
            }
        }
    }

    private func submit(
        _ fields: UnsafeBufferPointer<nghttp2_nv>,
        hasBody: Bool,
        _ slot: CallSlot.Pointer
    ) {
        var provider = nghttp2_data_provider()
        provider.source.ptr = UnsafeMutableRawPointer(slot)
        provider.read_callback = HTTP2Callbacks.readData
        withUnsafePointer(to: &provider) { provider in
            _ = nghttp2_submit_response(
                session,
                slot.pointee.streamID,
                fields.baseAddress,
                fields.count,
                hasBody ? provider : nil
            )
        }
    }
}
