internal import NIOCore

/// What a loop does with a connection, whatever is spoken on it.
///
/// A class to inherit from rather than a protocol: the loop has them in lists that it walks in every
/// turn. Confined to its loop.
class Connection {
    /// Whether the loop flushes this connection at the end of the tick.
    final var isDirty = false
    /// Where the loop's list has this connection.
    final var position = 0

    /// The name of the channel in its loop's table; nil when it has left the pipeline.
    var channelID: ObjectIdentifier? { nil }

    /// Writes what there is to send, all at once, and closes what is done.
    func flush() {}

    /// Goes on reading when that has become possible.
    func updateReading() {}

    /// Looks at everything that may have taken too long; called several times a second.
    func sweep(at now: Int64, _ timeouts: TransportTimeouts) {}

    /// Begins the orderly end: the client is asked for no more calls.
    func noticeShutdown() {}

    /// Goes on with the orderly end: later calls are ignored.
    func leave() {}

    /// Closes the channel once everything that was written before has left.
    ///
    /// Closing throws away what the socket has not taken, so a write of nothing goes ahead, which is
    /// done when those before it are. It may never be: whoever calls this watches the time.
    final func closeBehindWrites(_ context: ChannelHandlerContext) {
        let channel = context.channel
        context.writeAndFlush(NIOAny(ByteBuffer())).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}

/// The connections of a loop that have said what they speak, in no order.
struct ConnectionList {
    private(set) var handlers: [Connection] = []

    mutating func add(_ handler: Connection) {
        handler.position = handlers.count
        handlers.append(handler)
    }

    mutating func remove(_ handler: Connection) {
        guard let last = handlers.popLast(), last !== handler else { return }
        last.position = handler.position
        handlers[handler.position] = last
    }
}
