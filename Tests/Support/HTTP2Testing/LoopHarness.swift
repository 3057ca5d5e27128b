package import NIOCore
package import NIOEmbedded
package import TollgateTransport

/// A loop whose ticks the test decides, its service, and connections in memory.
package final class LoopHarness<Service: LoopService> {
    package let eventLoop = EmbeddedEventLoop()
    package let loop: RPCLoop
    package let service: Service

    /// Makes the loop and its service.
    package init(
        methods: MethodTable,
        _ change: (inout TransportConfiguration) -> Void = { _ in },
        makeService: (RPCLoop) -> Service
    ) throws {
        var configuration = TransportConfiguration()
        change(&configuration)
        var made: Service?
        loop = try RPCLoop(
            eventLoop: eventLoop,
            index: 0,
            configuration: configuration,
            methods: methods
        ) { loop in
            let service = makeService(loop)
            made = service
            return service
        }
        guard let made else { preconditionFailure("a loop makes its service at once") }
        service = made
    }

    /// Everything that a loop does after its sockets were read.
    package func tick() {
        eventLoop.run()
    }

    package func advance(_ amount: TimeAmount) {
        eventLoop.advanceTime(by: amount)
    }

    /// Lets so many seconds pass, for those who do not know the loop's own units.
    package func advance(seconds: Int64) {
        advance(.seconds(seconds))
    }

    package func connect(
        _ peer: Peer = Peer(address: "192.0.2.1")
    ) throws -> LoopConnection {
        try LoopConnection(eventLoop, loop, peer)
    }

    /// A connection that has exchanged SETTINGS.
    package func open(
        _ peer: Peer = Peer(address: "192.0.2.1"),
        _ settings: [(UInt16, UInt32)] = []
    ) throws -> LoopConnection {
        let connection = try connect(peer)
        try connection.exchange(RawFrames.opening(settings) + RawFrames.settingsAck)
        return connection
    }
}

/// One client's end of a connection in memory.
package final class LoopConnection {
    package let channel: EmbeddedChannel
    private let eventLoop: EmbeddedEventLoop
    private let reader = FrameReader()
    package private(set) var writes = 0

    init(_ eventLoop: EmbeddedEventLoop, _ loop: RPCLoop, _ peer: Peer) throws {
        self.eventLoop = eventLoop
        channel = EmbeddedChannel(loop: eventLoop)
        try loop.adopt(channel, peer: peer)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
    }

    /// Gives bytes to the server; nothing is answered before the end of the tick.
    package func send(_ bytes: [UInt8]) throws {
        guard channel.isActive else { return }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Ends the client's half: it sends nothing more, and still reads.
    package func endInput() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// The frames that the server wrote since the last time.
    package func received() throws -> [ReceivedFrame] {
        try reader.read(receivedBytes())
    }

    package func receivedBytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            writes += 1
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    /// Sends, lets the loop tick, and returns what came back.
    @discardableResult
    package func exchange(_ bytes: [UInt8]) throws -> [ReceivedFrame] {
        try send(bytes)
        eventLoop.run()
        return try received()
    }

    package var isClosed: Bool { !channel.isActive }
}
