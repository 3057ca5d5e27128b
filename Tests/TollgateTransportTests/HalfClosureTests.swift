internal import HTTP2Testing
internal import NIOCore
internal import Testing
internal import TollgateTransport

@Suite("A client that ends its half of an HTTP/1.1 connection")
struct HTTP1HalfClosureTests {
    @Test("gets the answers to what it has asked, and what it has not finished is dropped")
    func answered() throws {
        let unfinished = [
            "", "G", "GET /plain HTTP/1.1\r\nhost: a\r\n",
            "POST /plain HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
            "POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
        ]
        for rest in unfinished {
            let harness = try plainHarness()
            let connection = try harness.connect()
            try connection.send(Array((get + get + rest).utf8))
            connection.endInput()
            harness.tick()
            #expect(try connection.text() == allowed + lastAllowed, "before '\(rest)'")
            #expect(connection.isClosed)
            #expect(harness.service.calls.count == 2)
            #expect(harness.loop.statistics.callsOpen == 0)
            #expect(harness.loop.statistics.protocolErrors == 0)
        }
    }

    @Test("gets them also when they are held for longer")
    func held() throws {
        let harness = try plainHarness()
        harness.service.outcome = .hold
        let connection = try harness.connect()
        try connection.send(Array(get.utf8))
        connection.endInput()
        harness.advance(.seconds(5))
        #expect(!connection.isClosed)
        harness.loop.release(heldTurns: 1)
        harness.tick()
        #expect(try connection.text() == lastAllowed)
        #expect(connection.isClosed)
    }

    @Test("is waited for no longer than for a request")
    func neverAnswered() throws {
        let harness = try plainHarness()
        harness.service.outcome = .hold
        let connection = try harness.connect()
        try connection.send(Array(get.utf8))
        connection.endInput()
        harness.advance(.seconds(9))
        #expect(!connection.isClosed)
        harness.advance(.seconds(3))
        #expect(connection.isClosed)
        harness.loop.release(heldTurns: 1)
        harness.tick()
        #expect(harness.loop.statistics.timeouts == 1)
    }

    @Test("is told what was wrong with its last request")
    func refused() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        let socket = try BlockedSocket.add(to: connection.channel)
        try connection.send(Array("GET /plain HTTP/1.1\r\n: a\r\n\r\n".utf8))
        connection.endInput()
        harness.tick()
        // What ends the other half at once would throw the answer away.
        #expect(!connection.isClosed)
        socket.open()
        harness.tick()
        #expect(try connection.text().hasPrefix("HTTP/1.1 400 "))
        #expect(connection.isClosed)
    }

    @Test(
        "without having asked is left at once",
        arguments: ["", "G", "GET /plain HTTP/1.1\r\nhost: a\r\n", "PRI * HTTP/2.0\r\n", get]
    )
    func nothingAsked(text: String) throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        try connection.send(Array(text.utf8))
        harness.tick()
        _ = try connection.text()
        connection.endInput()
        harness.tick()
        #expect(try connection.text().isEmpty)
        #expect(connection.isClosed)
        #expect(harness.loop.statistics.callsOpen == 0)
        #expect(harness.loop.statistics.protocolErrors == 0)
    }
}

@Suite("A client that ends its half of an HTTP/2 connection")
struct HTTP2HalfClosureTests {
    @Test("gets the answers to what it has asked, and what it has not finished ends")
    func answered() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let stream = RawFrames.headers(5, RawFrames.fields("/test.Echo/Stream"))
        try connection.send(
            RawFrames.unary(1) + RawFrames.unary(3) + stream
                + RawFrames.headers(7, RawFrames.fields())
        )
        connection.endInput()
        harness.tick()
        let frames = try connection.received()
        #expect([1, 3].allSatisfy { frames.status($0) == "0" })
        #expect(frames.ofKind(.reset).map(\.stream).sorted() == [5, 7])
        #expect(frames.goawayCode == 0)
        #expect(connection.isClosed)
        harness.tick()
        #expect(harness.service.callEvents.last == .ended(wasAnswered: false))
        #expect(harness.loop.statistics.callsOpen == 0)
        #expect(harness.loop.statistics.protocolErrors == 0)
    }

    @Test("gets them also when they are held for longer")
    func held() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.outcome = .hold
        try connection.send(RawFrames.unary(1))
        connection.endInput()
        harness.advance(.seconds(5))
        #expect(!connection.isClosed)
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let frames = try connection.received()
        #expect(frames.status(1) == "0")
        #expect(frames.goawayCode == 0)
        #expect(connection.isClosed)
    }

    @Test("gets a plain answer although it can acknowledge nothing any more")
    func plain() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        let fields = [
            (":method", "GET"), (":scheme", "http"), (":path", "/plain"), (":authority", "a"),
        ]
        try connection.send(RawFrames.opening() + RawFrames.headers(1, fields, ends: true))
        connection.endInput()
        harness.tick()
        let frames = try connection.received()
        #expect(frames.ofKind(.headers).map { $0.fields[":status"] } == ["200"])
        #expect(connection.isClosed)
    }

    @Test("is told what was wrong with a call that it has not finished")
    func refused() throws {
        let harness = try Harness { $0.maximumMessageBytes = 10 }
        let connection = try harness.open()
        let message = RawFrames.message(Array(repeating: 1, count: 11))
        try connection.send(
            RawFrames.headers(1, RawFrames.fields()) + RawFrames.data(1, message, ends: false)
        )
        connection.endInput()
        harness.tick()
        let frames = try connection.received()
        #expect(frames.status(1) == "8")
        #expect(connection.isClosed)
    }

    @Test("cannot keep it: what is not answered in ten seconds is not answered")
    func unanswered() throws {
        let harness = try Harness()
        harness.service.onUnary = { _, _ in }
        let connection = try harness.open()
        harness.advance(.seconds(60))
        try connection.send(RawFrames.unary(1))
        connection.endInput()
        harness.advance(.seconds(9))
        #expect(!connection.isClosed)
        harness.advance(.seconds(2))
        #expect(connection.isClosed)
        #expect(harness.service.callEvents.last == .ended(wasAnswered: false))
        #expect(harness.loop.statistics.timeouts == 1)
    }

    @Test(
        "without an open call is left at once",
        arguments: [RawFrames.preface, RawFrames.opening()]
    )
    func nothingAsked(bytes: [UInt8]) throws {
        let harness = try Harness()
        let connection = try harness.connect()
        try connection.exchange(bytes)
        connection.endInput()
        harness.tick()
        #expect(try connection.received().goawayCode == 0)
        #expect(connection.isClosed)
        #expect(harness.loop.statistics.timeouts == 0)
    }
}
