internal import NIOCore
internal import NIOEmbedded
internal import TollgateTransport

/// The server's end: a `TLSHandler` in a channel without a socket, and a record of what it does.
final class TestServer {
    let channel = EmbeddedChannel()
    let recorder = Recorder()
    let reads = ReadCounter()

    init(_ context: TLSContext) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([reads, TLSHandler(context: context), recorder])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    deinit {
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    /// Lets bytes arrive in one piece.
    func feed(_ bytes: [UInt8]) {
        // What handlers throw is in the record.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Each buffer that was sent to the socket since the last time.
    func drain() -> [[UInt8]] {
        var buffers: [[UInt8]] = []
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) {
            buffers.append(Array(buffer.readableBytesView))
        }
        return buffers
    }

    /// Passes bytes to and fro until both ends are silent.
    ///
    /// - Parameters:
    ///   - client: the other end.
    ///   - pieceSize: into how long pieces the bytes are cut on their way, in both directions.
    func converse(with client: TestClient, pieceSize: Int = .max) {
        func forEachPiece(_ bytes: [UInt8], _ body: ([UInt8]) -> Void) {
            var rest = bytes[...]
            while !rest.isEmpty {
                body(Array(rest.prefix(pieceSize)))
                rest = rest.dropFirst(pieceSize)
            }
        }
        client.feed([])
        while true {
            let toServer = client.drain()
            forEachPiece(toServer) { feed($0) }
            channel.embeddedEventLoop.run()
            let toClient = drain().flatMap { $0 }
            forEachPiece(toClient) { client.feed($0) }
            if toServer.isEmpty && toClient.isEmpty { return }
        }
    }
}

/// The last handler: it keeps what is passed to it, and answers when a test wants it to.
final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What happened, in order; `nil` stands for data.
    private(set) var order: [TLSHandshakeCompleted?] = []
    private(set) var failures: [TLSFailure] = []
    /// Each buffer of decrypted bytes.
    private(set) var buffers: [[UInt8]] = []
    private(set) var isInactive = false

    /// Sent at the end of each turn that brought data.
    var answer: [UInt8]?
    private var isAnswerDue = false

    var received: [UInt8] { buffers.flatMap { $0 } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffers.append(Array(unwrapInboundIn(data).readableBytesView))
        order.append(nil)
        isAnswerDue = true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let answer, isAnswerDue {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
        }
        isAnswerDue = false
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { order.append(event) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure { failures.append(failure) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isInactive = true
    }
}

/// The first handler: it counts how often the socket is asked for more.
final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
