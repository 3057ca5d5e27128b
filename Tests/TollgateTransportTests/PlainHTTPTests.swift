internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

private let post = "POST /plain?q HTTP/1.1\r\nHost: a\r\nX-Y: Z\r\ncontent-length: 2\r\n\r\nhi"

@Suite("Plain HTTP/1.1")
struct HTTP1Tests {
    @Test("The service gets verb, path, fields in lower case and the body")
    func request() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        try connection.exchange([])
        try connection.send(Array(post.utf8))
        guard case .unary(3, let bytes)? = harness.service.callEvents.first else {
            Issue.record("no call: \(harness.service.callEvents)")
            return
        }
        let request = PlainRequest(bytes.span)
        #expect(request.verb == .post)
        #expect(String(decoding: bytes[request.body], as: UTF8.self) == "hi")
        var fields: [String] = []
        var place = request.head.lowerBound
        while let (name, value) = request.nextField(bytes.span, at: &place) {
            fields.append(String(decoding: bytes[name], as: UTF8.self))
            fields.append(String(decoding: bytes[value], as: UTF8.self))
        }
        #expect(
            fields == [":path", "/plain?q", "host", "a", "x-y", "Z", "content-length", "2"]
        )
    }

    @Test("White space around a value is no part of it; inside, it is")
    func whiteSpace() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        let values = ["a ", "a\t", " \t a \t ", "a", "a \t b", "", " \t"]
        let fields = values.map { "x:\($0)\r\n" }.joined()
        try connection.send(Array("GET /plain HTTP/1.1\r\nhost: a \r\n\(fields)\r\n".utf8))
        harness.tick()
        guard case .unary(_, let bytes)? = harness.service.callEvents.first else {
            Issue.record("no call: \(harness.service.callEvents)")
            return
        }
        let request = PlainRequest(bytes.span)
        var read: [String] = []
        var place = request.head.lowerBound
        while let (_, value) = request.nextField(bytes.span, at: &place) {
            read.append(String(decoding: bytes[value], as: UTF8.self))
        }
        #expect(read == ["/plain", "a", "a", "a", "a", "a", "a \t b", "", ""])
    }

    @Test("A body in chunks is read with white space behind the word", arguments: ["", " ", "  "])
    func chunks(space: String) throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        let head = "POST /plain HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\(space)\r\n"
        let text = head + "transfer-encoding: chunked\(space)\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        try connection.send(Array(text.utf8))
        harness.tick()
        #expect(try connection.text() == "HTTP/1.1 100 Continue\r\n\r\n" + allowed)
    }

    @Test("It does not matter how the bytes are cut", arguments: [1, 2, 3, 7, 50, 1000])
    func fragmentation(size: Int) throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        let bytes = Array((post + get + post).utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try connection.send(Array(bytes[start..<min(start + size, bytes.count)]))
            harness.tick()
        }
        #expect(try connection.text() == allowed + allowed + allowed)
    }

    @Test("An answer waits until its turn is released, and so do those behind it")
    func held() throws {
        let harness = try plainHarness()
        harness.service.outcome = .hold
        let connection = try harness.connect()
        try connection.send(Array((get + "GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n").utf8))
        harness.tick()
        #expect(try connection.text().isEmpty)
        harness.service.outcome = .release
        harness.loop.release(heldTurns: 1)
        harness.tick()
        let text = try connection.text()
        #expect(text.hasPrefix(allowed + "HTTP/1.1 404 "))
        #expect(harness.service.callEvents.count == 1, "what is not there is nobody's call")
    }

    @Test("In a refused turn nothing is allowed")
    func refused() throws {
        let harness = try plainHarness()
        harness.service.outcome = .refuse(.unavailable("the journal is \"out\" of order"))
        let connection = try harness.connect()
        try connection.send(Array(get.utf8))
        harness.tick()
        let text = try connection.text()
        #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(text.contains(#""message":"the journal is \"out\" of order""#))
        #expect(!text.contains("200"))
    }

    @Test("A service is told of a request whose connection is gone before the answer")
    func gone() throws {
        let harness = try plainHarness()
        harness.service.onUnary = { _, _ in }
        let connection = try harness.connect()
        try connection.send(Array(get.utf8))
        harness.tick()
        connection.channel.close(promise: nil)
        harness.tick()
        #expect(harness.service.callEvents.last == .ended(wasAnswered: false))
        #expect(harness.loop.statistics.callsOpen == 0)
    }

    @Test(
        "A request that takes too long is told so, byte by byte or not at all",
        arguments: ["G", "GET /plain HTTP/1.1\r\nhost: a\r\n", String(post.dropLast())]
    )
    func slow(text: String) throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        try connection.send(Array(text.utf8.prefix(1)))
        harness.tick()
        try connection.send(Array(text.utf8.dropFirst()))
        harness.advance(.milliseconds(9800))
        #expect(try connection.text().isEmpty)
        harness.advance(.milliseconds(500))
        let answer = try connection.text()
        if answer.isEmpty {
            // Of what has not begun to be a request nobody waits for an answer.
            #expect(text == "G" && connection.isClosed)
        } else {
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            harness.advance(.seconds(3))
            #expect(connection.isClosed)
        }
        #expect(harness.loop.statistics.timeouts == 1)
    }

    @Test("The connection stays until the last answer has left, also when the server stops")
    func lastAnswer() throws {
        for isStopping in [true, false] {
            let harness = try plainHarness()
            let connection = try harness.connect()
            let socket = try BlockedSocket.add(to: connection.channel)
            try connection.send(Array((isStopping ? get : lastGet).utf8))
            harness.tick()
            if isStopping {
                harness.loop.drain(within: .seconds(30), harness.eventLoop.makePromise())
            }
            harness.advance(.seconds(9))
            #expect(!connection.isClosed)
            #expect(try connection.text().isEmpty)
            socket.open()
            harness.tick()
            #expect(try connection.text() == (isStopping ? allowed : lastAllowed))
            #expect(connection.isClosed)
        }
    }

    @Test("A last answer that the client does not take is waited for as long as any other")
    func lastAnswerNotTaken() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        _ = try BlockedSocket.add(to: connection.channel)
        try connection.send(Array(lastGet.utf8))
        harness.advance(.seconds(11))
        #expect(connection.isClosed)
    }

    @Test("Bytes behind a head that is refused do not take its answer away")
    func behindRefusedHead() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        let head = "GET /plain HTTP/1.1\r\nhost: a\r\nx: "
        try connection.send(Array((head + String(repeating: "a", count: 20_000)).utf8))
        try connection.send(Array(repeating: UInt8(ascii: "a"), count: 5000))
        harness.tick()
        #expect(try connection.text().hasPrefix("HTTP/1.1 431 "))
        #expect(harness.loop.statistics.protocolErrors == 1)
    }

    @Test("A connection without requests is closed after five minutes")
    func idle() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        try connection.send(Array(get.utf8))
        harness.tick()
        #expect(try connection.text() == allowed)
        harness.advance(.seconds(299))
        #expect(!connection.isClosed)
        harness.advance(.seconds(2))
        #expect(connection.isClosed)
    }

    @Test("What was sent at once beyond a thousand requests is refused behind their answers")
    func bounded() throws {
        let harness = try plainHarness()
        let connection = try harness.connect()
        try connection.send(Array(String(repeating: get, count: 2000).utf8))
        for _ in 0..<1100 { harness.tick() }
        let text = try connection.text()
        #expect(text.hasPrefix(String(repeating: allowed, count: 1024)))
        #expect(text.split(separator: "HTTP/1.1 200").count == 1025 || text.contains("503"))
        #expect(text.contains("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(harness.loop.statistics.callsOpen == 0)
    }
}

@Suite("Plain HTTP over HTTP/2")
struct PlainHTTP2Tests {
    private let fields = [
        (":method", "GET"), (":scheme", "http"), (":path", "/plain/a"), (":authority", "a"),
    ]

    @Test("An answer without a body is one HEADERS frame that ends the stream, and nothing more")
    func oneFrame() throws {
        let harness = try plainHarness()
        let connection = try harness.open()
        for stream in [1, 3] {
            let frames = try connection.exchange(RawFrames.headers(stream, fields, ends: true))
            #expect(frames.count == 1)
            #expect(frames.first?.ends == true)
            #expect(
                frames.first?.fields == [":status": "200", "x-a": "b", "content-length": "0"]
            )
        }
    }

    @Test("The first answer waits until the client has acknowledged our SETTINGS")
    func acknowledgement() throws {
        let harness = try plainHarness("body")
        let connection = try harness.connect()
        let calls = [1, 3].flatMap { RawFrames.headers($0, fields, ends: true) }
        let first = try connection.exchange(RawFrames.opening() + calls)
        #expect(first.ofKind(.headers).isEmpty)
        let second = try connection.exchange(RawFrames.settingsAck)
        #expect(second.ofKind(.headers).map { $0.fields[":status"] } == ["200", "200"])
        #expect(second.body(1) == Array("body".utf8) && second.body(3) == Array("body".utf8))
        #expect(second.ofKind(.data).allSatisfy { $0.ends })
        #expect(harness.loop.statistics.callsOpen == 0)
    }

    @Test("A body comes in as many frames as it likes, and trailers change nothing")
    func body() throws {
        let harness = try plainHarness()
        let connection = try harness.open()
        let head = RawFrames.headers(1, [(":method", "POST")] + fields.dropFirst())
        let frames = try connection.exchange(
            head + RawFrames.data(1, Array("h".utf8), ends: false)
                + RawFrames.data(1, Array("i".utf8), ends: false)
                + RawFrames.headers(1, [("x", "y")], ends: true)
        )
        #expect(frames.ofKind(.headers).first?.fields[":status"] == "200")
        guard case .unary(3, let bytes)? = harness.service.callEvents.first else {
            Issue.record("no call")
            return
        }
        #expect(String(decoding: bytes[PlainRequest(bytes.span).body], as: UTF8.self) == "hi")
    }

    @Test("A body that is too long is refused as soon as it is, and the client asked to stop")
    func tooLong() throws {
        let harness = try plainHarness("") { $0.maximumMessageBytes = 1000 }
        let connection = try harness.open()
        let frames = try connection.exchange(
            RawFrames.headers(1, [(":method", "POST")] + fields.dropFirst())
                + RawFrames.data(1, [UInt8](repeating: 1, count: 1000), ends: false)
        )
        #expect(frames.ofKind(.headers).first?.fields[":status"] == "413")
        #expect(frames.ofKind(.reset).map { $0.number(at: 0) } == [0])
        #expect(harness.service.callEvents.isEmpty)
    }

    @Test("In a refused turn nothing is allowed")
    func refused() throws {
        let harness = try plainHarness()
        harness.service.outcome = .refuse(.unavailable("no"))
        let connection = try harness.open()
        let frames = try connection.exchange(RawFrames.headers(1, fields, ends: true))
        #expect(frames.ofKind(.headers).map { $0.fields[":status"] } == ["503"])
        #expect(frames.ofKind(.headers).first?.fields["grpc-status"] == nil)
    }
}
