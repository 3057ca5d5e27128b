internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

@Suite("A turn of a loop")
struct TurnTests {
    @Test("All that was read in one tick is one turn, and each connection does one write")
    func oneWrite() throws {
        let harness = try Harness()
        let connections = try (0..<3).map { _ in try harness.open() }
        let before = connections.map(\.writes)
        harness.service.events = []
        for connection in connections {
            try connection.send(RawFrames.unary(1))
            try connection.send(RawFrames.unary(3) + RawFrames.unary(5))
            #expect(try connection.receivedBytes().isEmpty, "nothing leaves before the tick ends")
        }
        harness.tick()
        for (connection, writes) in zip(connections, before) {
            let frames = try connection.received()
            for stream in [1, 3, 5] { #expect(frames.status(stream) == "0") }
            #expect(connection.writes == writes + 1)
        }
        #expect(harness.service.events.filter { $0 == .began }.count == 1)
        #expect(harness.service.events.filter { $0 == .ends }.count == 1)
        #expect(harness.service.events.first == .began)
        #expect(harness.service.events.last == .ends)
    }

    @Test("A refused turn replaces the answers that wait for the commit, and no others")
    func refused() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .refuse(.unavailable("the journal is out of order"))
        harness.service.onUnary = { call, bytes in
            harness.loop.reply(to: call, with: bytes.span, bytes == [1] ? .now : .afterCommit)
        }
        let frames = try connection.exchange(
            RawFrames.unary(1, [1]) + RawFrames.unary(3, [2]) + RawFrames.unary(5, [1])
        )
        #expect(frames.status(1) == "0")
        #expect(frames.body(1) == RawFrames.message([1]))
        #expect(frames.status(3) == "14")
        #expect(frames.body(3).isEmpty, "no byte of a refused answer leaves")
        #expect(frames.status(5) == "0")
    }

    @Test("Held turns leave in order, when and only when they are released")
    func held() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        for stream in [1, 3, 5] {
            #expect(try connection.exchange(RawFrames.unary(stream)).isEmpty)
        }
        harness.loop.release(heldTurns: 1)
        harness.tick()
        #expect(try connection.received().map(\.stream) == [1, 1, 1])
        harness.loop.refuse(heldTurns: 1, .unavailable("lost"))
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let frames = try connection.received()
        #expect(frames.status(3) == "14")
        #expect(frames.body(3).isEmpty)
        #expect(frames.status(5) == "0")
        harness.tick()
        #expect(try connection.received().isEmpty)
    }

    @Test("A released turn waits behind a held one")
    func order() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        #expect(try connection.exchange(RawFrames.unary(1)).isEmpty)
        harness.service.outcome = .release
        #expect(try connection.exchange(RawFrames.unary(3)).isEmpty)
        harness.service.outcome = .refuse(.unavailable("no"))
        #expect(try connection.exchange(RawFrames.unary(5)).isEmpty)
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let frames = try connection.received()
        #expect(frames.ofKind(.headers).map(\.stream).prefix(3) == [1, 3, 5])
        #expect(frames.status(1) == "0")
        #expect(frames.status(3) == "0")
        #expect(frames.status(5) == "14")
    }

    @Test("Answers that need not wait leave while their turn is held")
    func now() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        harness.service.onUnary = { call, bytes in
            harness.loop.reply(to: call, with: bytes.span, bytes == [1] ? .now : .afterCommit)
        }
        let frames = try connection.exchange(RawFrames.unary(1, [1]) + RawFrames.unary(3, [2]))
        #expect(frames.status(1) == "0")
        #expect(frames.status(3) == nil)
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let later = try connection.received()
        #expect(later.status(3) == "0")
        #expect(later.ofKind(.headers, stream: 1).isEmpty, "no answer leaves twice")
    }

    @Test("Within a call nothing overtakes an answer that is held")
    func orderWithinCall() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        harness.service.onOpened = { call in
            harness.loop.send([1].span, on: call, .afterCommit)
            harness.loop.send([2].span, on: call, .now)
            harness.loop.finish(call, .ok, .now)
        }
        #expect(
            try connection.exchange(
                RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"), ends: true)
            ).isEmpty
        )
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let frames = try connection.received()
        #expect(frames.body(1) == RawFrames.message([1]) + RawFrames.message([2]))
        #expect(frames.status(1) == "0")
    }

    @Test("Control frames are never held back")
    func control() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        let frames = try connection.exchange(RawFrames.unary(1) + RawFrames.ping(7))
        #expect(
            frames == [
                ReceivedFrame(
                    kind: RawFrames.Kind.ping.rawValue,
                    flags: RawFrames.acknowledge,
                    stream: 0,
                    payload: Array(repeating: 7, count: 8)
                )
            ]
        )
    }

    @Test("A call that is reset between its answer and the release is dropped in silence")
    func resetWhileHeld() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        try connection.exchange(RawFrames.unary(1) + RawFrames.unary(3))
        try connection.exchange(RawFrames.reset(1))
        #expect(harness.service.callEvents.last == .ended(wasAnswered: true))
        harness.loop.release(heldTurns: 2)
        harness.tick()
        let frames = try connection.received()
        #expect(frames.allSatisfy { $0.stream == 3 })
        #expect(frames.status(3) == "0")
    }

    @Test("A connection that is gone before the release takes nothing else with it")
    func goneWhileHeld() throws {
        let harness = try Harness()
        let gone = try harness.open()
        let stays = try harness.open()
        harness.service.outcome = .hold
        try gone.send(RawFrames.unary(1))
        try stays.send(RawFrames.unary(1))
        harness.tick()
        _ = try gone.channel.finish(acceptAlreadyClosed: true)
        harness.tick()
        #expect(harness.service.callEvents.last == .ended(wasAnswered: true))
        harness.loop.release(heldTurns: 2)
        harness.tick()
        #expect(try stays.received().status(1) == "0")
    }

    @Test("A call that was reset unanswered is told to its service, and its late answer ignored")
    func resetUnanswered() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { _, _ in }
        try connection.exchange(RawFrames.unary(1))
        try connection.exchange(RawFrames.reset(1))
        #expect(harness.service.callEvents.last == .ended(wasAnswered: false))
        let call = try #require(harness.service.calls.first)
        harness.loop.reply(to: call, with: [1].span, .now)
        harness.tick()
        #expect(try connection.received().isEmpty)
    }

    @Test("A call that is reset before the service saw it never gets there")
    func resetAtOnce() throws {
        let harness = try Harness()
        let connection = try harness.open()
        try connection.exchange(RawFrames.unary(1) + RawFrames.reset(1))
        #expect(harness.service.callEvents.isEmpty)
    }

    @Test("An answer outside of a turn begins one")
    func lateAnswer() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { _, _ in }
        try connection.exchange(RawFrames.unary(1))
        harness.service.events = []
        let call = try #require(harness.service.calls.first)
        let loop = harness.loop
        loop.execute { loop.reply(to: call, with: [9].span, .afterCommit) }
        harness.tick()
        #expect(try connection.received().body(1) == RawFrames.message([9]))
        #expect(harness.service.events == [.began, .ends])
    }

    @Test("Too many held answers stop the reading until they are released")
    func fullness() throws {
        let harness = try Harness { $0.maximumHeldAnswers = 2 }
        let connection = try harness.open()
        harness.service.outcome = .hold
        let reads = ReadCounter()
        try connection.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        connection.channel.read()
        #expect(reads.count == 1)
        for stream in [1, 3] { try connection.exchange(RawFrames.unary(stream)) }
        connection.channel.read()
        #expect(reads.count == 1, "two answers are held: nothing is read")
        harness.loop.release(heldTurns: 1)
        harness.tick()
        #expect(reads.count == 2, "the read that was kept back follows")
        connection.channel.read()
        #expect(reads.count == 3)
    }

    /// Counts the reads that get as far as the socket.
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private(set) var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    @Test("The deadline counts when the answer leaves, not when it was made")
    func deadlineWhileHeld() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        try connection.exchange(RawFrames.unary(1, [1], [("grpc-timeout", "50m")]))
        harness.advance(.milliseconds(60))
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let frames = try connection.received()
        #expect(frames.status(1) == "4")
        #expect(frames.body(1).isEmpty)
        #expect(harness.service.callEvents.last == .ended(wasAnswered: true))
    }

    @Test("A deadline that passes while nothing happens is answered by itself")
    func deadlineOfUnanswered() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { _, _ in }
        try connection.exchange(RawFrames.unary(1, [1], [("grpc-timeout", "1S")]))
        harness.advance(.milliseconds(900))
        #expect(try connection.received().isEmpty)
        harness.advance(.milliseconds(300))
        #expect(try connection.received().status(1) == "4")
        #expect(harness.service.callEvents.last == .ended(wasAnswered: false))
        #expect(try connection.exchange(RawFrames.unary(3)).isEmpty)
    }
}
