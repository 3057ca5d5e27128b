internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import TollgateTransport

/// The server's end: a `TLSHandler` in a channel without a socket, and a record of what it does.
final class TestServer {
    let channel: EmbeddedChannel
    let recorder = Recorder()
    let reads = ReadCounter()

    init(_ context: TLSContext) throws {
        channel = EmbeddedChannel()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([reads, TLSHandler(context: context), recorder])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    /// A connection of a loop, with all its handlers instead of a record.
    init(_ harness: Harness, _ tls: TLSContextHolder) throws {
        channel = EmbeddedChannel(loop: harness.eventLoop)
        try harness.loop.adopt(channel, peer: Peer(address: "127.0.0.1"), tls: tls)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
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

/// The last handler: it keeps what is passed to it, answers when a test wants it to, and closes when
/// the peer sends no more.
final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What happened, in order; `nil` stands for data.
    private(set) var order: [TLSHandshakeCompleted?] = []
    private(set) var failures: [TLSFailure] = []
    /// Each buffer of decrypted bytes.
    private(set) var buffers: [[UInt8]] = []
    private(set) var isInactive = false
    /// How often it was told that the peer sends no more.
    private(set) var ends = 0
    /// Whether it leaves closing to the test.
    var staysOpen = false

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
        guard event as? ChannelEvent == .inputClosed else { return }
        ends += 1
        if !staysOpen { context.close(promise: nil) }
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
