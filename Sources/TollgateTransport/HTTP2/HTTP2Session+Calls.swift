internal import CNghttp2

// How the frames of one stream become the events of one call.
extension HTTP2Session {
    /// The headers of a call are complete.
    func begin(_ slot: CallSlot.Pointer) {
        let problem = slot.pointee.head.findProblem()
        let head = slot.pointee.head
        state.counters.calls.add()
        if !head.hasTE { state.counters.withoutTE.add() }
        if let timeout = head.timeout {
            let (deadline, overflow) = state.now.addingReportingOverflow(timeout)
            slot.pointee.deadline = overflow ? .max : deadline
        }
        if let problem {
            refuse(slot, problem)
            return
        }
        slot.pointee.phase = .body
        slot.pointee.isUnary = state.methods[Int(head.method)].kind != .streaming
        if head.isPlain { return beginPlain(slot) }
        if !slot.pointee.isUnary { inbox.post(.opened, slot.pointee.id) }
    }

    /// A piece of the body of a call.
    func read(
        _ piece: UnsafeBufferPointer<UInt8>,
        of slot: CallSlot.Pointer,
        isLastFrame: Bool
    ) {
        switch slot.pointee.phase {
        case .body where slot.pointee.isPlain: readPlain(piece, of: slot)
        case .body:
            slot.pointee.isUnary
                ? readUnary(piece, of: slot, isLastFrame: isLastFrame)
                : readMessages(piece, of: slot)
        case .complete:
            if piece.count > 0 { refuse(slot, .bytesBehind) }
        case .headers, .refused: break
        }
    }

    private func readUnary(
        _ piece: UnsafeBufferPointer<UInt8>,
        of slot: CallSlot.Pointer,
        isLastFrame: Bool
    ) {
        var position = 0
        switch readMessage(piece, at: &position, of: slot) {
        case .more: return
        case .refused(let problem):
            refuse(slot, problem)
            return
        case .whole(let start, let count):
            let message = UnsafeBufferPointer(rebasing: piece[start..<(start + count)])
            if isLastFrame {
                // The frame's end is still to come, but nearly always in this very read.
                tentative = slot
                tentativeStart = inbox.store(message)
                tentativeCount = count
            } else {
                keep(message, of: slot)
            }
        case .stored: break
        }
        guard slot.pointee.phase == .body else { return }
        slot.pointee.phase = .complete
        if position < piece.count { refuse(slot, .bytesBehind) }
    }

    private func readMessages(_ piece: UnsafeBufferPointer<UInt8>, of slot: CallSlot.Pointer) {
        var position = 0
        while position < piece.count {
            let start: Int
            let count: Int
            switch readMessage(piece, at: &position, of: slot) {
            case .more: return
            case .refused(let problem):
                refuse(slot, problem)
                return
            case .whole(let from, let length):
                count = length
                start = inbox.store(
                    UnsafeBufferPointer(rebasing: piece[from..<(from + length)])
                )
            case .stored:
                count = slot.pointee.reader.storedCount
                start = inbox.store(slot.pointee.reader.stored)
            }
            forgetMessage(of: slot)
            countMessage(count)
            inbox.post(.message, slot.pointee.id, start: start, count: count)
        }
    }

    /// One step of the call's reader, with what it stores counted.
    private func readMessage(
        _ piece: UnsafeBufferPointer<UInt8>,
        at position: inout Int,
        of slot: CallSlot.Pointer
    ) -> MessageReader.Step {
        let before = slot.pointee.reader.storedCount
        let step = slot.pointee.reader.read(
            piece,
            at: &position,
            limit: state.configuration.maximumMessageBytes
        )
        let added = slot.pointee.reader.storedCount - before
        if added > 0, !addPartial(added) { return .refused(.tooMuchAtOnce) }
        return step
    }

    /// The peer has sent all of a call.
    func endOfRequest(_ slot: CallSlot.Pointer) {
        slot.pointee.isRemoteClosed = true
        switch slot.pointee.phase {
        case .refused, .headers: return
        case .complete: postUnary(slot)
        case .body where slot.pointee.isPlain: postUnary(slot)
        case .body:
            if slot.pointee.reader.isInside {
                refuse(slot, .cutOff)
            } else if slot.pointee.isUnary {
                refuse(slot, .noMessage)
            } else {
                slot.pointee.phase = .complete
                inbox.post(.halfClosed, slot.pointee.id)
            }
        }
    }

    private func postUnary(_ slot: CallSlot.Pointer) {
        let start: Int
        let count: Int
        if tentative == slot {
            tentative = nil
            start = tentativeStart
            count = tentativeCount
        } else {
            count = slot.pointee.reader.storedCount
            start = inbox.store(slot.pointee.reader.stored)
        }
        forgetMessage(of: slot)
        countMessage(count)
        inbox.post(.unary, slot.pointee.id, start: start, count: count)
    }
}
