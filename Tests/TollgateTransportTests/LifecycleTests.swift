internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

@Suite("The life of a connection")
struct LifecycleTests {
    @Test("It begins with our SETTINGS, before the client has said anything but the preface")
    func settings() throws {
        let harness = try Harness()
        let connection = try harness.connect()
        let frames = try connection.exchange(RawFrames.preface)
        let settings = try #require(frames.ofKind(.settings).first)
        var values: [UInt32: UInt32] = [:]
        for offset in stride(from: 0, to: settings.payload.count, by: 6) {
            let id = UInt32(settings.payload[offset]) << 8 | UInt32(settings.payload[offset + 1])
            values[id] = settings.number(at: offset + 2)
        }
        #expect(values == [1: 4096, 3: 1024, 4: 1 << 20, 6: 16_384, 9: 1])
        #expect(frames.ofKind(.windowUpdate).map { $0.number(at: 0) } == [(16 << 20) - 65_535])
    }

    @Test(
        "What is neither HTTP/2 nor HTTP/1.1 is told so, and the connection ends",
        arguments: ["X\u{0}\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSX", "\u{16}\u{3}\u{1}"]
    )
    func otherProtocols(text: String) throws {
        let harness = try Harness()
        let connection = try harness.connect()
        try connection.send(Array(text.utf8))
        harness.tick()
        let answer = String(decoding: try connection.receivedBytes(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 505 "))
        #expect(answer.contains("connection: close\r\n"))
        harness.advance(.seconds(3))
        #expect(connection.isClosed)
        #expect(harness.loop.statistics.protocolErrors == 1)
    }

    @Test("Who says nothing, half a preface or no SETTINGS is closed after five seconds")
    func prefaceTimeout() throws {
        let harness = try Harness()
        let silent = try harness.connect()
        let half = try harness.connect()
        try half.exchange(Array(RawFrames.preface.prefix(10)))
        let noSettings = try harness.connect()
        try noSettings.exchange(RawFrames.preface)
        let good = try harness.open()
        harness.advance(.milliseconds(4900))
        #expect([silent, half, noSettings, good].allSatisfy { !$0.isClosed })
        harness.advance(.milliseconds(300))
        #expect([silent, half, noSettings].allSatisfy { $0.isClosed })
        #expect(!good.isClosed)
        #expect(harness.loop.statistics.timeouts == 3)
    }

    @Test("A call that comes too slowly is ended")
    func slowRequest() throws {
        let harness = try Harness()
        let connection = try harness.open()
        try connection.exchange(RawFrames.headers(1, RawFrames.fields()))
        harness.advance(.seconds(9))
        #expect(try connection.received().isEmpty)
        harness.advance(.milliseconds(1300))
        #expect(try connection.received().status(1) == "4")
        #expect(!connection.isClosed)
    }

    @Test("A call that is whole but never ended is ended")
    func endlessRequest() throws {
        let harness = try Harness()
        let connection = try harness.open()
        try connection.exchange(
            RawFrames.headers(1, RawFrames.fields())
                + RawFrames.data(1, RawFrames.message([1]), ends: false)
        )
        harness.advance(.milliseconds(10_300))
        #expect(try connection.received().status(1) == "4")
        #expect(harness.service.callEvents.isEmpty)
    }

    @Test("An idle peer is asked whether it is there, and left alone when it answers")
    func idle() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.advance(.seconds(299))
        #expect(try connection.received().isEmpty)
        harness.advance(.seconds(2))
        #expect(try connection.received().ofKind(.ping).count == 1)
        try connection.exchange(RawFrames.ping(isAnswer: true))
        harness.advance(.seconds(60))
        #expect(!connection.isClosed)
        harness.advance(.seconds(242))
        harness.tick()
        #expect(try connection.received().ofKind(.ping).count == 1)
        harness.advance(.seconds(11))
        #expect(connection.isClosed)
    }

    @Test("The server leaves in two steps and finishes what is open")
    func drain() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { _, _ in }
        try connection.exchange(RawFrames.unary(1))
        let drained = harness.eventLoop.makePromise(of: Void.self)
        harness.loop.drain(within: .seconds(10), drained)
        harness.tick()
        let notice = try connection.received()
        #expect(notice.ofKind(.goaway).map { $0.number(at: 0) } == [0x7FFF_FFFF])
        let ping = try #require(notice.ofKind(.ping).first)
        // A call that crosses the notice is served.
        harness.service.onUnary = nil
        #expect(try connection.exchange(RawFrames.unary(3)).status(3) == "0")
        let answer = RawFrames.frame(.ping, flags: RawFrames.acknowledge, ping.payload)
        let frames = try connection.exchange(answer)
        #expect(frames.ofKind(.goaway).map { $0.number(at: 0) } == [3])
        // A call behind the last one that was named is not.
        #expect(try connection.exchange(RawFrames.unary(5)).isEmpty)
        #expect(!connection.isClosed)
        let call = try #require(harness.service.calls.first)
        harness.loop.reply(to: call, with: [1].span, .now)
        harness.tick()
        #expect(try connection.received().status(1) == "0")
        #expect(connection.isClosed)
        try drained.futureResult.wait()
    }

    @Test("A client that does not answer the notice is left after a second")
    func drainWithoutAnswer() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let silent = try harness.connect()
        let drained = harness.eventLoop.makePromise(of: Void.self)
        harness.loop.drain(within: .seconds(10), drained)
        harness.tick()
        #expect(try connection.received().ofKind(.goaway).count == 1)
        #expect(silent.isClosed)
        harness.advance(.milliseconds(1100))
        #expect(try connection.received().ofKind(.goaway).count == 1)
        #expect(connection.isClosed)
        try drained.futureResult.wait()
        #expect(harness.loop.statistics.protocolErrors == 0)
    }

    @Test("New connections are turned away while the server drains, and when there are too many")
    func turnedAway() throws {
        let harness = try Harness { $0.maximumConnections = 1 }
        let first = try harness.open()
        let second = EmbeddedChannel(loop: harness.eventLoop)
        try harness.loop.adopt(second)
        #expect(!second.isActive)
        #expect(harness.loop.statistics.connectionsRefused == 1)
        #expect(try first.exchange(RawFrames.unary(1)).status(1) == "0")
    }

    @Test("A client that leaves has its open calls finished")
    func clientLeaves() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { _, _ in }
        try connection.exchange(RawFrames.unary(1) + RawFrames.goaway())
        #expect(!connection.isClosed)
        let call = try #require(harness.service.calls.first)
        harness.loop.reply(to: call, with: [1].span, .now)
        harness.tick()
        #expect(try connection.received().status(1) == "0")
        #expect(connection.isClosed)
        #expect(harness.loop.statistics.protocolErrors == 0)
    }

    @Test("A connection that breaks ends its calls and frees them")
    func broken() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { _, _ in }
        try connection.exchange(
            RawFrames.unary(1) + RawFrames.headers(3, RawFrames.fields("/test.Echo/Stream"))
                + RawFrames.headers(5, RawFrames.fields())
        )
        #expect(harness.loop.statistics.callsOpen == 3)
        _ = try connection.channel.finish(acceptAlreadyClosed: true)
        harness.tick()
        #expect(harness.loop.statistics.callsOpen == 0)
        #expect(harness.loop.statistics.connectionsOpen == 0)
        let ended = harness.service.callEvents.filter { $0 == .ended(wasAnswered: false) }
        #expect(ended.count == 2, "the call whose message never came was not known to the service")
    }
}
