internal import NIOCore
internal import NIOEmbedded

/// A socket that takes nothing until it is opened: it keeps what is written, and its promises.
final class BlockedSocket: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var kept: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var isOpen = false

    /// Puts one in front of all handlers of a channel.
    static func add(to channel: EmbeddedChannel) throws -> BlockedSocket {
        let socket = BlockedSocket()
        try channel.pipeline.syncOperations.addHandler(socket, position: .first)
        return socket
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        if isOpen {
            context.write(data, promise: promise)
        } else {
            kept.append((unwrapOutboundIn(data), promise))
        }
    }

    /// Throws away what was not taken, as the channel of a real socket does.
    func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        let lost = kept
        kept = []
        for write in lost { write.promise?.fail(ChannelError.ioOnClosedChannel) }
        context.close(mode: mode, promise: promise)
    }

    /// Takes everything, from now on at once.
    func open() {
        isOpen = true
        let writes = kept
        kept = []
        for write in writes { context?.write(wrapOutboundOut(write.bytes), promise: write.promise) }
        context?.flush()
    }
}
