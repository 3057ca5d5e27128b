internal import NIOCore

/// Closes a connection whose client has stopped to read what it asked for.
///
/// An answer that is being sent keeps its connection, of which there are not many, and a backup keeps
/// all others waiting. Idle timeouts do not end either. A client that reads slowly is no matter, as
/// long as something leaves now and then.
final class StalledReaderHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = NIOAny

    /// How far sending has come.
    private struct Progress: Equatable {
        var writes: UInt64 = 0
        /// How many bytes the system has not taken yet.
        var waiting = 0
    }

    private let limit: TimeAmount
    private var progress = Progress()
    private var lastSeen = Progress()
    private var nextLook: Scheduled<Void>?

    /// Makes the handler of one connection.
    ///
    /// - Parameter limit: for how long nothing may leave: once at least, and twice at most.
    init(limit: TimeAmount) {
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        scheduleLook(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        nextLook?.cancel()
        nextLook = nil
    }

    func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        // Answers are written as they leave: whoever makes them waits while too much of them does.
        progress.writes &+= 1
        context.write(data, promise: promise)
    }

    private func scheduleLook(_ context: ChannelHandlerContext) {
        nextLook = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let options = context.channel.syncOptions
        progress.waiting = (try? options?.getOption(.bufferedWritableBytes)) ?? 0
        if progress.waiting > 0, progress == lastSeen {
            context.close(promise: nil)
            return
        }
        lastSeen = progress
        scheduleLook(context)
    }
}
