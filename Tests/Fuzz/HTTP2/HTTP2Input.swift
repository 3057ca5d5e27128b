internal import NIOCore
internal import NIOEmbedded
internal import TollgateTransport

/// One connection that receives an input in pieces.
///
/// The first byte says how: its low bits whether the preface, SETTINGS and their acknowledgement
/// are put before the rest, how long the pieces are, and what becomes of turns.
package enum HTTP2Input {
    private static let methods = MethodTable([
        Method("/test.Echo/Unary", .unary),
        Method("/test.Echo/Stream", .streaming),
        Method("/test.Echo/Kept", .unary, keepsHeaders: true),
    ])
    private static let opening: [UInt8] =
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        + [0, 0, 0, 4, 1, 0, 0, 0, 0]

    package static func run(_ input: [UInt8]) {
        guard let mode = input.first else { return }
        let bytes = (mode & 1 == 0 ? opening : []) + input.dropFirst()
        let length = [1, 7, 64, 65_536][Int(mode >> 1 & 3)]
        let eventLoop = EmbeddedEventLoop()
        var configuration = TransportConfiguration()
        configuration.maximumMessageBytes = 4096
        do {
            let loop = try RPCLoop(
                eventLoop: eventLoop,
                index: 0,
                configuration: configuration,
                methods: methods,
                makeService: { FuzzService($0, outcome: mode >> 3 & 3) }
            )
            let channel = EmbeddedChannel(loop: eventLoop)
            let address = mode & 0x20 == 0 ? "192.0.2.1" : "127.0.0.1"
            try loop.adopt(channel, peer: Peer(address: address))
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
            for start in stride(from: 0, to: bytes.count, by: length) where channel.isActive {
                let piece = bytes[start..<min(start + length, bytes.count)]
                try channel.writeInbound(ByteBuffer(bytes: piece))
                eventLoop.run()
                while try channel.readOutbound(as: ByteBuffer.self) != nil {}
            }
            eventLoop.advanceTime(by: .seconds(20))
            loop.release(heldTurns: .max)
            eventLoop.run()
            if channel.isActive { try channel.close().wait() }
            eventLoop.run()
            loop.retire()
            let statistics = loop.statistics
            precondition(statistics.callsOpen == 0, "every call ends with its connection")
            precondition(statistics.connectionsOpen == 0, "every connection can be closed")
        } catch {
            preconditionFailure("no peer can make the server throw: \(error)")
        }
    }
}

/// Echoes, and holds or refuses turns as the input says.
private final class FuzzService: LoopService {
    private let loop: RPCLoop
    private let outcome: UInt8

    init(_ loop: RPCLoop, outcome: UInt8) {
        self.loop = loop
        self.outcome = outcome
    }

    func turnEnds() -> TurnOutcome {
        switch outcome {
        case 1: .hold
        case 2: .refuse(.unavailable("no"))
        default: .release
        }
    }

    func unary(_ call: CallID, method: Int, message: Span<UInt8>) {
        _ = loop.header("te", of: call)
        loop.reply(to: call, with: message, outcome == 3 ? .now : .afterCommit)
    }

    func streamReceived(_ call: CallID, method: Int, message: Span<UInt8>) {
        loop.send(message, on: call, .afterCommit)
    }

    func streamHalfClosed(_ call: CallID, method: Int) {
        loop.finish(call, .ok, .afterCommit)
    }
}
