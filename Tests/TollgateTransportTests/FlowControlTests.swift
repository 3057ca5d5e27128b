internal import HTTP2Testing
internal import NIOCore
internal import Testing
internal import TollgateTransport

@Suite("Flow control")
struct FlowControlTests {
    private static let initialWindow: UInt16 = 4

    @Test("A closed window holds DATA back, and every byte arrives when it opens")
    func smallWindow() throws {
        let harness = try Harness()
        let connection = try harness.open(
            Peer(address: "127.0.0.1"),
            [(Self.initialWindow, 10)]
        )
        let message = (0..<100).map { UInt8($0) }
        var frames = try connection.exchange(RawFrames.unary(1, message))
        #expect(frames.body(1).count == 10)
        #expect(frames.status(1) == nil)
        // The buffer of the turn is used again for other answers meanwhile.
        for stream in [3, 5, 7] { try connection.exchange(RawFrames.unary(stream, [0xFF])) }
        for _ in 0..<19 { frames += try connection.exchange(RawFrames.windowUpdate(1, 5)) }
        #expect(frames.body(1) == RawFrames.message(message))
        #expect(frames.status(1) == "0")
        #expect(frames.ofKind(.data, stream: 1).allSatisfy { $0.payload.count <= 10 })
    }

    @Test("The messages of a stream keep their order behind a closed window")
    func streamBehindWindow() throws {
        let harness = try Harness()
        let connection = try harness.open(Peer(address: "127.0.0.1"), [(Self.initialWindow, 0)])
        var frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"))
        )
        var expected: [UInt8] = []
        for index in 0..<10 {
            let message = RawFrames.message(Array(repeating: UInt8(index), count: index))
            expected += message
            frames += try connection.exchange(RawFrames.data(1, message, ends: index == 9))
        }
        #expect(frames.body(1).isEmpty)
        frames += try connection.exchange(RawFrames.windowUpdate(1, 7))
        frames += try connection.exchange(RawFrames.windowUpdate(1, 1000))
        #expect(frames.body(1) == expected)
        #expect(frames.status(1) == "0")
    }

    @Test("A large message is cut into frames and arrives whole")
    func large() throws {
        let harness = try Harness()
        let connection = try harness.open(
            Peer(address: "127.0.0.1"),
            [(Self.initialWindow, 1 << 20)]
        )
        try connection.exchange(RawFrames.windowUpdate(0, 1 << 20))
        let message = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let body = RawFrames.message(message)
        var bytes = RawFrames.headers(1, RawFrames.fields())
        for start in stride(from: 0, to: body.count, by: 16_384) {
            let end = min(start + 16_384, body.count)
            bytes += RawFrames.data(1, Array(body[start..<end]), ends: end == body.count)
        }
        var frames: [ReceivedFrame] = []
        for start in stride(from: 0, to: bytes.count, by: 65_536) {
            frames += try connection.exchange(
                Array(bytes[start..<min(start + 65_536, bytes.count)])
            )
        }
        #expect(frames.body(1) == body)
        #expect(frames.status(1) == "0")
    }

    @Test("A window that stays closed ends the call, not the connection")
    func stalled() throws {
        let harness = try Harness()
        let connection = try harness.open(Peer(address: "127.0.0.1"), [(Self.initialWindow, 0)])
        try connection.exchange(RawFrames.unary(1))
        harness.advance(.seconds(11))
        let frames = try connection.received()
        #expect(frames.ofKind(.reset, stream: 1).count == 1)
        #expect(harness.service.callEvents.last == .ended(wasAnswered: true))
        #expect(!connection.isClosed)
    }

    @Test("Answers that pile up behind closed windows end the connection")
    func pileUp() throws {
        let harness = try Harness { $0.untrusted.outboundCloseBytes = 10_000 }
        let connection = try harness.open(
            Peer(address: "192.0.2.1"),
            [(Self.initialWindow, 0)]
        )
        let message = Array(repeating: UInt8(1), count: 1000)
        var frames: [ReceivedFrame] = []
        for index in 0..<20 {
            frames += try connection.exchange(RawFrames.unary(2 * index + 1, message))
        }
        #expect(frames.goawayCode == 11)
        #expect(connection.isClosed)
    }

    @Test("Unfinished messages are bounded for the connection, not only each")
    func partialMessages() throws {
        let harness = try Harness { $0.trusted.partialMessageBytes = 10_000 }
        let connection = try harness.open(Peer(address: "127.0.0.1"))
        let part = RawFrames.message(Array(repeating: 1, count: 5000)).dropLast(1000)
        var frames: [ReceivedFrame] = []
        for stream in [1, 3, 5] {
            frames += try connection.exchange(
                RawFrames.headers(stream, RawFrames.fields())
                    + RawFrames.data(stream, Array(part), ends: false)
            )
        }
        #expect(frames.status(1) == nil)
        #expect(frames.status(3) == nil)
        #expect(frames.status(5) == "8")
        let rest = Array(repeating: UInt8(1), count: 1000)
        #expect(try connection.exchange(RawFrames.data(1, rest)).status(1) == "0")
        #expect(try connection.exchange(RawFrames.unary(7, rest)).status(7) == "0")
    }

    @Test("More than one write takes leaves with the next, without anything new to send")
    func severalWrites() throws {
        let harness = try Harness { $0.untrusted.outboundPauseBytes = 1000 }
        let connection = try harness.open()
        let message = Array(repeating: UInt8(1), count: 900)
        let streams = (0..<20).map { 2 * $0 + 1 }
        let frames = try connection.exchange(streams.flatMap { RawFrames.unary($0, message) })
        for stream in streams {
            #expect(frames.body(stream).count == 905)
            #expect(frames.status(stream) == "0")
        }
        #expect(try connection.exchange(RawFrames.unary(41)).status(41) == "0")
    }

    @Test("What a connection still had to send when it closed takes nothing from another")
    func closedBehindWindow() throws {
        let harness = try Harness()
        let closing = try harness.open(Peer(address: "127.0.0.1"), [(Self.initialWindow, 0)])
        let other = try harness.open()
        try closing.exchange(RawFrames.unary(1))
        // Before the tick ends: the window opens, the channel closes, and the slot is taken again.
        try closing.send(RawFrames.windowUpdate(1, 1000))
        closing.channel.close(promise: nil)
        try other.send(RawFrames.unary(1, [1, 2, 3]))
        harness.tick()
        let frames = try other.received()
        #expect(frames.body(1) == RawFrames.message([1, 2, 3]))
        #expect(frames.status(1) == "0")
    }

    @Test("A stream that asks for more than a turn may hold is ended")
    func tooManyAnswers() throws {
        let harness = try Harness { $0.maximumHeldBytes = 1000 }
        let connection = try harness.open()
        let message = RawFrames.message(Array(repeating: 1, count: 95))
        let frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"))
                + RawFrames.data(1, (0..<50).flatMap { _ in message }, ends: false)
        )
        #expect(frames.status(1) == "8")
        let answered = harness.service.callEvents.filter { $0 != .opened(method: 1) }
        // A hundred bytes each, and the end of the call.
        #expect(answered.count == 11)
        #expect(try connection.exchange(RawFrames.unary(3)).status(3) == "0")
    }
}
