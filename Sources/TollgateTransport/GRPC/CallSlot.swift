/// Everything about one call, at an address that does not change while the call is open.
///
/// Trivial: nghttp2 keeps a pointer to it as the stream's user data, and taking a slot for a call
/// allocates nothing once there are enough of them.
struct CallSlot {
    typealias Pointer = UnsafeMutablePointer<CallSlot>

    /// Where the slot is in its slab.
    let index: UInt32
    /// The serial of the call, 0 while the slot is free.
    var serial: UInt64 = 0
    var streamID: Int32 = 0
    /// The session whose stream this is.
    ///
    /// It outlives the call: a session gives all of its slots back before it goes.
    var session: Unmanaged<HTTP2Session>?
    /// The HTTP/1 connection whose request this is, instead of a session; it outlives the call too.
    var http1: Unmanaged<HTTP1Handler>?
    /// What HTTP/1 has to know of its request besides.
    var traits = HTTP1Traits()
    /// The neighbours in the session's list of open calls, or `next` in the list of free slots.
    var previous: Pointer?
    var next: Pointer?

    var head = RequestHead()
    var reader = MessageReader()
    var response = ResponseState()
    /// Kept headers, for methods that ask for them; see `HeaderList`.
    var headers = HeaderList()

    var phase = Phase.headers
    var isUnary = true
    /// Whether the service was told of the call.
    var isSeen = false
    /// Whether the peer has sent everything.
    var isRemoteClosed = false
    /// Whether the stream was reset by the peer or a fault of it was counted already.
    var isCounted = false
    /// When the call was opened, and until when it must be answered (nanoseconds).
    var openedAt: Int64 = 0
    var deadline = Int64.max

    /// What is read of the call next.
    enum Phase: UInt8 {
        case headers
        case body
        /// The message of a unary call is whole.
        case complete
        /// Whatever comes is ignored.
        case refused
    }

    init(index: UInt32) {
        self.index = index
    }

    var id: CallID { CallID(slot: index, serial: serial) }

    /// Whether it is answered in plain HTTP.
    var isPlain: Bool { head.isPlain }
}

/// The slots of one loop, in chunks that never move, and a list of those that are free.
final class CallSlab {
    private static let chunkSize = 128
    private let chunks = Pile<CallSlot.Pointer>(capacity: 64, retained: 1 << 16)
    // Each access is one load or store: there is nothing that it could overlap with.
    @exclusivity(unchecked) private var free: CallSlot.Pointer?
    @exclusivity(unchecked) private var serial: UInt64 = 0
    /// How many calls are open.
    @exclusivity(unchecked) private(set) var count = 0

    deinit {
        for index in 0..<chunks.count { chunks[index].deallocate() }
    }

    /// A slot for a new call; the number of calls is bounded by connections and their streams.
    func take() -> CallSlot.Pointer {
        if free == nil { addChunk() }
        guard let slot = free else { preconditionFailure("a new chunk has free slots") }
        free = slot.pointee.next
        serial += 1
        slot.pointee.serial = serial
        slot.pointee.next = nil
        count += 1
        return slot
    }

    /// Gives a slot back and frees what it owns.
    func give(back slot: CallSlot.Pointer) {
        slot.pointee.reader.discard()
        slot.pointee.response.discard()
        slot.pointee.headers.discard()
        slot.pointee = CallSlot(index: slot.pointee.index)
        slot.pointee.next = free
        free = slot
        count -= 1
    }

    /// The slot of a call; nil when the call is gone.
    func slot(of call: CallID) -> CallSlot.Pointer? {
        let index = Int(call.slot)
        guard call.serial != 0, index < chunks.count * CallSlab.chunkSize else { return nil }
        let slot = chunks[index / CallSlab.chunkSize] + index % CallSlab.chunkSize
        return slot.pointee.serial == call.serial ? slot : nil
    }

    private func addChunk() {
        let first = chunks.count * CallSlab.chunkSize
        let chunk = CallSlot.Pointer.allocate(capacity: CallSlab.chunkSize)
        for offset in (0..<CallSlab.chunkSize).reversed() {
            (chunk + offset).initialize(to: CallSlot(index: UInt32(first + offset)))
            chunk[offset].next = free
            free = chunk + offset
        }
        chunks.append(chunk)
    }
}
