internal import HTTP2Testing
internal import NIOCore
internal import NIOPosix

/// A client over a real socket: sends bytes, and reads frames until it has enough.
final class RawClient: Sendable {
    private let channel: any Channel
    private let collector: NIOLoopBound<Collector>

    private init(_ channel: any Channel, _ collector: NIOLoopBound<Collector>) {
        self.channel = channel
        self.collector = collector
    }

    static func connect(
        _ group: MultiThreadedEventLoopGroup,
        _ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) async throws -> RawClient {
        let bootstrap = ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Collector())
            }
        }
        let channel = try await connect(bootstrap).get()
        let collector = try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: Collector.self)
            return NIOLoopBound(handler, eventLoop: channel.eventLoop)
        }.get()
        return RawClient(channel, collector)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Waits until `count` calls have ended or the server has closed; all frames since the start.
    func frames(untilEnded count: Int) async throws -> [ReceivedFrame] {
        try await channel.eventLoop.flatSubmit { [collector] in
            collector.value.frames(untilEnded: count)
        }.get()
    }

    var isClosed: Bool {
        get async throws {
            try await channel.closeFuture.get()
            return true
        }
    }

    /// Sends nothing more, and still reads.
    func endInput() async throws {
        try await channel.close(mode: .output)
    }

    func close() async throws {
        try await channel.close()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let reader = FrameReader()
        private var frames: [ReceivedFrame] = []
        private var ended = 0
        private var wanted = Int.max
        private var promise: EventLoopPromise<[ReceivedFrame]>?
        private var eventLoop: (any EventLoop)?

        func handlerAdded(context: ChannelHandlerContext) {
            eventLoop = context.eventLoop
        }

        func frames(untilEnded count: Int) -> EventLoopFuture<[ReceivedFrame]> {
            guard let eventLoop else { preconditionFailure("the handler is in a pipeline") }
            let promise = eventLoop.makePromise(of: [ReceivedFrame].self)
            self.promise = promise
            wanted = count
            fulfil()
            return promise.futureResult
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            for frame in reader.read(bytes) {
                frames.append(frame)
                if frame.ends || frame.isKind(.reset) { ended += 1 }
            }
            fulfil()
        }

        func channelInactive(context: ChannelHandlerContext) {
            wanted = 0
            fulfil()
        }

        private func fulfil() {
            guard ended >= wanted else { return }
            promise?.succeed(frames)
            promise = nil
        }
    }
}
