/// Something that HTTP/2 told of, to be handed on once nghttp2 has returned.
struct SessionEvent: BitwiseCopyable {
    enum Kind: UInt8 {
        /// A streaming call began.
        case opened
        /// The message of a unary call is whole, and nothing follows.
        case unary
        /// A message of a streaming call.
        case message
        /// The client of a streaming call has sent everything.
        case halfClosed
        /// The call is not one, or broke; `detail` is a `CallProblem`.
        case refused
        /// The call is gone; `detail` says whether the service had answered.
        case ended
    }

    let kind: Kind
    let detail: UInt8
    let call: CallID
    /// Where the message is in the inbox.
    let start: Int
    let count: Int
}

/// Where callbacks leave what happened, so that nothing runs inside of nghttp2 but nghttp2.
///
/// One for each loop: it is emptied after every read of any connection.
final class Inbox {
    let events = Pile<SessionEvent>(capacity: 512, retained: 1 << 16)
    let bytes = ByteStore(capacity: 64 << 10)

    func post(
        _ kind: SessionEvent.Kind,
        _ call: CallID,
        detail: UInt8 = 0,
        start: Int = 0,
        count: Int = 0
    ) {
        events.append(
            SessionEvent(kind: kind, detail: detail, call: call, start: start, count: count)
        )
    }

    /// Tells the service that a call is gone, if it knows the call and waits for anything.
    func postEnd(of slot: CallSlot.Pointer) {
        guard slot.pointee.isSeen else { return }
        slot.pointee.isSeen = false
        post(.ended, slot.pointee.id, detail: slot.pointee.response.isAnswered ? 1 : 0)
    }

    /// Copies a message in and says where it is.
    func store(_ message: UnsafeBufferPointer<UInt8>) -> Int {
        let start = bytes.count
        if let address = message.baseAddress { bytes.append(address, message.count) }
        return start
    }

    func removeAll() {
        events.removeAll()
        bytes.removeAll()
    }
}
