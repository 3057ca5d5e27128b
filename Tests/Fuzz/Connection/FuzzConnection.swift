internal import NIOCore
internal import NIOEmbedded
internal import TollgateTransport

/// One connection of a server in memory, which receives bytes in pieces and ends its half behind them.
struct FuzzConnection {
    /// How long each piece is.
    var pieceLength: Int
    /// What becomes of turns: 0 is released, 1 is held to the end, 2 is refused; with 3 answers do
    /// not wait for the end of their turn.
    var outcome: UInt8 = 0
    /// Whether the peer is on the same machine, and so may send more.
    var isLocal = false

    private static let methods = MethodTable([
        Method("/test.Echo/Unary", .unary),
        Method("/test.Echo/Stream", .streaming),
        Method("/test.Echo/Kept", .unary, keepsHeaders: true),
        Method("/plain", .plain),
    ])
    /// The number of the last of them.
    static let plain = 3

    /// Sends the bytes, and checks that nothing is left open.
    ///
    /// - Returns: the messages that the service has got, each behind its method's number.
    @discardableResult
    func receive(_ bytes: [UInt8]) -> [[UInt8]] {
        let eventLoop = EmbeddedEventLoop()
        var configuration = TransportConfiguration()
        configuration.maximumMessageBytes = 4096
        let record = Record()
        do {
            let loop = try RPCLoop(
                eventLoop: eventLoop,
                index: 0,
                configuration: configuration,
                methods: FuzzConnection.methods,
                makeService: { FuzzService($0, outcome: outcome, record) }
            )
            let channel = EmbeddedChannel(loop: eventLoop)
            try loop.adopt(channel, peer: Peer(address: isLocal ? "127.0.0.1" : "192.0.2.1"))
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
            for start in stride(from: 0, to: bytes.count, by: pieceLength) where channel.isActive {
                let piece = bytes[start..<min(start + pieceLength, bytes.count)]
                try channel.writeInbound(ByteBuffer(bytes: piece))
                try answer(channel, eventLoop)
            }
            eventLoop.advanceTime(by: .seconds(20))
            loop.release(heldTurns: .max)
            try answer(channel, eventLoop)
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            try answer(channel, eventLoop)
            eventLoop.advanceTime(by: .seconds(20))
            // A request that was only asked behind the release is held for good.
            precondition(!channel.isActive || outcome == 1, "who sends no more is left")
            if channel.isActive { try channel.close().wait() }
            eventLoop.run()
            loop.retire()
            let statistics = loop.statistics
            precondition(statistics.callsOpen == 0, "every call ends with its connection")
            precondition(statistics.connectionsOpen == 0, "every connection can be closed")
        } catch {
            preconditionFailure("no peer can make the server throw: \(error)")
        }
        return record.messages
    }

    /// Lets turns pass until nothing more is answered: HTTP/1 takes one for each request.
    private func answer(_ channel: EmbeddedChannel, _ eventLoop: EmbeddedEventLoop) throws {
        var isAnswered: Bool
        repeat {
            eventLoop.run()
            isAnswered = false
            while try channel.readOutbound(as: ByteBuffer.self) != nil { isAnswered = true }
        } while isAnswered
    }
}

/// What a service has got, for when it is gone.
private final class Record {
    var messages: [[UInt8]] = []
}

/// Echoes, and holds or refuses turns as the input says.
private final class FuzzService: LoopService {
    private let loop: RPCLoop
    private let outcome: UInt8
    private let record: Record

    init(_ loop: RPCLoop, outcome: UInt8, _ record: Record) {
        self.loop = loop
        self.outcome = outcome
        self.record = record
    }

    func turnEnds() -> TurnOutcome {
        switch outcome {
        case 1: .hold
        case 2: .refuse(.unavailable("no"))
        default: .release
        }
    }

    func unary(_ call: CallID, method: Int, message: Span<UInt8>) {
        let bytes = message.indices.map { message[$0] }
        record.messages.append([UInt8(truncatingIfNeeded: method)] + bytes)
        _ = loop.header("te", of: call)
        // A plain answer has a status, and no fields here.
        let answer = method == FuzzConnection.plain ? Array("200\0".utf8) + bytes : bytes
        loop.reply(to: call, with: answer.span, outcome == 3 ? .now : .afterCommit)
    }

    func streamReceived(_ call: CallID, method: Int, message: Span<UInt8>) {
        loop.send(message, on: call, .afterCommit)
    }

    func streamHalfClosed(_ call: CallID, method: Int) {
        loop.finish(call, .ok, .afterCommit)
    }
}
