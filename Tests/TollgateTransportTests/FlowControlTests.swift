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
        let frames = try call(1, body, ends: true, over: connection)
        #expect(frames.body(1) == body)
        #expect(frames.status(1) == "0")
    }

    /// A call with a long body, in frames of 16 KiB and reads of 64 KiB.
    private func call(
        _ stream: Int,
        _ body: [UInt8],
        ends: Bool,
        over connection: LoopConnection
    ) throws -> [ReceivedFrame] {
        var bytes = RawFrames.headers(stream, RawFrames.fields())
        for start in stride(from: 0, to: body.count, by: 16_384) {
            let end = min(start + 16_384, body.count)
            let isLast = ends && end == body.count
            bytes += RawFrames.data(stream, Array(body[start..<end]), ends: isLast)
        }
        var frames: [ReceivedFrame] = []
        for start in stride(from: 0, to: bytes.count, by: 65_536) {
            frames += try connection.exchange(
                Array(bytes[start..<min(start + 65_536, bytes.count)])
            )
        }
        return frames
    }

    @Test(
        "Long messages may be under way together",
        arguments: [("127.0.0.1", 5), ("192.0.2.1", 3)]
    )
    func longMessages(address: String, count: Int) throws {
        let harness = try Harness()
        harness.service.onUnary = { call, _ in
            harness.loop.reply(to: call, with: [1].span, .afterCommit)
        }
        let connection = try harness.open(Peer(address: address))
        let body = RawFrames.message(Array(repeating: 1, count: 1_000_000))
        let streams = (0..<count).map { 2 * $0 + 1 }
        var frames: [ReceivedFrame] = []
        for stream in streams {
            frames += try call(stream, Array(body.dropLast(5)), ends: false, over: connection)
        }
        #expect(frames.ofKind(.goaway).isEmpty)
        for stream in streams {
            frames += try connection.exchange(RawFrames.data(stream, Array(body.suffix(5))))
        }
        #expect(streams.allSatisfy { frames.status($0) == "0" })
        #expect(!connection.isClosed)
    }

    @Test("Long messages that a proxy's clients give up cost it no connection")
    func abandonedMessages() throws {
        let harness = try Harness()
        let connection = try harness.open(Peer(address: "127.0.0.1"))
        let body = RawFrames.message(Array(repeating: 1, count: 1_000_000))
        let streams = (0..<10).map { 2 * $0 + 1 }
        for stream in streams {
            _ = try call(stream, Array(body.dropLast(5)), ends: false, over: connection)
        }
        let frames = try connection.exchange(streams.flatMap { RawFrames.reset($0) })
        #expect(frames.ofKind(.goaway).isEmpty)
        #expect(try connection.exchange(RawFrames.unary(21)).status(21) == "0")
        #expect(harness.loop.statistics.callsOpen == 0)
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

    @Test("The end of a stream waits behind a window that is used up to the byte")
    func usedUpWindow() throws {
        let harness = try Harness()
        let connection = try openStream(harness, window: 100)
        let call = try #require(harness.service.calls.first)
        harness.loop.finish(call, .invalidArgument("no"), .now)
        harness.tick()
        #expect(try connection.received().isEmpty)
        let frames = try connection.exchange(RawFrames.windowUpdate(1, 10))
        #expect(frames.status(1) == "3")
        #expect(frames.ofKind(.reset, stream: 1).map { $0.number(at: 0) } == [0])
        #expect(harness.service.callEvents.last != .ended(wasAnswered: true))
        #expect(harness.loop.statistics.callsOpen == 0)
    }

    @Test("A stream whose end cannot leave is ended, whether its client has sent all or not")
    func stalledEnd() throws {
        for isComplete in [true, false] {
            let harness = try Harness()
            let connection = try openStream(harness, window: 100)
            if isComplete {
                try connection.exchange(RawFrames.data(1, []))
            } else {
                let call = try #require(harness.service.calls.first)
                harness.loop.finish(call, .ok, .now)
            }
            harness.advance(.seconds(11))
            #expect(try connection.received().ofKind(.reset, stream: 1).count == 1)
            #expect(harness.service.callEvents.last == .ended(wasAnswered: true))
            #expect(!connection.isClosed)
        }
    }

    /// A stream that has sent one message, whose echo is as long as the window.
    private func openStream(_ harness: Harness, window: Int) throws -> LoopConnection {
        let settings = [(Self.initialWindow, UInt32(window))]
        let connection = try harness.open(Peer(address: "127.0.0.1"), settings)
        let message = RawFrames.message(Array(repeating: 1, count: window - 5))
        let frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"))
                + RawFrames.data(1, message, ends: false)
        )
        #expect(frames.body(1) == message)
        return connection
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
