/// What the sessions of one event loop share; touched on that loop only.
final class LoopState {
    let configuration: TransportConfiguration
    /// What can be called, by number; memory of its own, because reading an array costs a retain and
    /// a release.
    let methods: UnsafeBufferPointer<Method>
    let library: HTTP2Library
    let counters = LoopCounters()
    let slab = CallSlab()
    let inbox = Inbox()

    /// What `HTTP2Session.drain` fills before it becomes one write.
    let outbound = ByteStore(capacity: 16 << 10)

    /// For the encoding of status messages.
    let scratch = ByteStore(capacity: 256)

    /// For plain answers that no service makes.
    let plain = ByteStore(capacity: 512)

    /// The time of the turn in nanoseconds, on the loop's clock.
    @exclusivity(unchecked) var now: Int64 = 0

    /// How many calls have bytes that belong to a turn's buffer.
    @exclusivity(unchecked) var lentCalls = 0

    init(
        configuration: TransportConfiguration,
        methods: MethodTable
    ) throws(TransportError) {
        self.configuration = configuration
        self.methods = methods.copy()
        library = try HTTP2Library(configuration)
    }

    deinit {
        methods.deallocate()
    }
}
