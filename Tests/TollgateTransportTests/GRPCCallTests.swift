internal import HTTP2Testing
internal import Testing
internal import TollgateTransport

@Suite("A gRPC call")
struct GRPCCallTests {
    @Test("A unary call is echoed with status OK in one write")
    func unary() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let before = connection.writes
        let frames = try connection.exchange(RawFrames.unary(1))
        #expect(frames.body(1) == RawFrames.message(Array("hello".utf8)))
        #expect(frames.first?.fields == [":status": "200", "content-type": "application/grpc"])
        #expect(frames.last?.fields == ["grpc-status": "0"])
        #expect(frames.last?.ends == true)
        #expect(connection.writes == before + 1)
        #expect(harness.service.callEvents == [.unary(method: 0, Array("hello".utf8))])
    }

    @Test("A call may be cut at any byte, and come byte by byte")
    func fragmentation() throws {
        let bytes = RawFrames.opening() + RawFrames.unary(1)
        for cut in 0...bytes.count {
            let harness = try Harness()
            let connection = try harness.connect()
            var frames = try connection.exchange(Array(bytes[..<cut]))
            frames += try connection.exchange(Array(bytes[cut...]))
            #expect(frames.status(1) == "0", "cut at \(cut)")
            #expect(frames.body(1) == RawFrames.message(Array("hello".utf8)), "cut at \(cut)")
        }
        let harness = try Harness()
        let connection = try harness.connect()
        var frames: [ReceivedFrame] = []
        for byte in bytes { frames += try connection.exchange([byte]) }
        #expect(frames.status(1) == "0")
    }

    @Test("A message may be spread over DATA frames, the last of them empty")
    func spreadOverFrames() throws {
        let body = RawFrames.message((0..<200).map { UInt8($0) })
        for cut in 0...body.count {
            let harness = try Harness()
            let connection = try harness.open()
            let frames = try connection.exchange(
                RawFrames.headers(1, RawFrames.fields())
                    + RawFrames.data(1, Array(body[..<cut]), ends: false)
                    + RawFrames.data(1, Array(body[cut...]))
            )
            #expect(frames.status(1) == "0", "cut at \(cut)")
            #expect(frames.body(1) == body, "cut at \(cut)")
        }
    }

    @Test("Padding is not part of the message")
    func padding() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let body = RawFrames.message(Array("hello".utf8))
        let padded = [7] + body + Array(repeating: 0, count: 7)
        let bytes = RawFrames.frame(.data, flags: RawFrames.endStream | 0x8, stream: 1, padded)
        // Cut inside of the padding too: the message is whole then, and its frame is not.
        for cut in [0, 9 + 1 + body.count, 9 + 1 + body.count + 3] {
            let stream = 1 + 2 * cut
            var frame = bytes
            frame.replaceSubrange(5..<9, with: RawFrames.big(UInt32(stream)))
            var frames = try connection.exchange(
                RawFrames.headers(stream, RawFrames.fields()) + frame[..<cut]
            )
            frames += try connection.exchange(Array(frame[cut...]))
            #expect(frames.status(stream) == "0")
            #expect(frames.body(stream) == body)
        }
    }

    @Test("Interleaved calls each get their own answer")
    func interleaved() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let streams = (0..<20).map { 2 * $0 + 1 }
        let bodies = streams.map { stream in
            RawFrames.message((0..<(100 + stream)).map { UInt8(truncatingIfNeeded: $0 * stream) })
        }
        var bytes: [UInt8] = []
        for stream in streams { bytes += RawFrames.headers(stream, RawFrames.fields()) }
        for part in 0..<4 {
            for (stream, body) in zip(streams, bodies) {
                let quarter = body.count / 4
                let end = part == 3 ? body.count : (part + 1) * quarter
                let piece = Array(body[(part * quarter)..<end])
                bytes += RawFrames.data(stream, piece, ends: part == 3)
            }
        }
        let frames = try connection.exchange(bytes)
        for (stream, body) in zip(streams, bodies) {
            #expect(frames.status(stream) == "0")
            #expect(frames.body(stream) == body)
        }
    }

    @Test("An announced length allocates nothing and is refused on its first five bytes")
    func tooLong() throws {
        let harness = try Harness { $0.maximumMessageBytes = 1000 }
        let connection = try harness.open()
        let frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields())
                + RawFrames.data(1, [0, 0xFF, 0xFF, 0xFF, 0xFF], ends: false)
        )
        #expect(frames.status(1) == "8")
        // The client is asked to stop sending, and nothing worse.
        #expect(frames.ofKind(.reset, stream: 1).map { $0.number(at: 0) } == [0])
        let exact = Array(repeating: UInt8(1), count: 1000)
        #expect(try connection.exchange(RawFrames.unary(3, exact)).status(3) == "0")
        #expect(try connection.exchange(RawFrames.unary(5, exact + [1])).status(5) == "8")
    }

    @Test("A stream of messages is echoed in order and ends with the client's end")
    func streaming() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let first = RawFrames.message([1, 2, 3])
        let second = RawFrames.message([])
        let third = RawFrames.message([4])
        let body = first + second + third
        for (number, cut) in (0...body.count).enumerated() {
            let stream = 2 * number + 1
            harness.service.events = []
            var frames = try connection.exchange(
                RawFrames.headers(stream, RawFrames.fields("/test.Echo/Stream"))
                    + RawFrames.data(stream, Array(body[..<cut]), ends: false)
            )
            frames += try connection.exchange(
                RawFrames.data(stream, Array(body[cut...]), ends: false)
            )
            #expect(frames.status(stream) == nil)
            frames += try connection.exchange(RawFrames.data(stream, []))
            #expect(frames.body(stream) == body)
            #expect(frames.status(stream) == "0")
            #expect(
                harness.service.callEvents == [
                    .opened(method: 1), .received([1, 2, 3]), .received([]), .received([4]),
                    .halfClosed,
                ]
            )
        }
    }

    @Test("No empty DATA frame stands between the last message and the end of a stream")
    func noEmptyData() throws {
        let harness = try Harness()
        let connection = try harness.open()
        var frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"))
                + RawFrames.data(1, RawFrames.message([1]), ends: false)
        )
        frames += try connection.exchange(RawFrames.data(1, []))
        #expect(frames.ofKind(.data).allSatisfy { !$0.payload.isEmpty })
        #expect(frames.status(1) == "0")
        #expect(try connection.exchange(RawFrames.unary(3)).status(3) == "0")
    }

    @Test("A stream that the server ends first asks the client to stop sending")
    func serverEndsFirst() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onOpened = { harness.loop.finish($0, .unavailable("not now"), .now) }
        let frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"))
        )
        #expect(frames.status(1) == "14")
        #expect(frames.first?.fields["grpc-message"] == "not now")
        #expect(frames.ofKind(.reset, stream: 1).map { $0.number(at: 0) } == [0])
        #expect(harness.service.callEvents == [.opened(method: 0 + 1)])
    }

    @Test("Trailers from the client end its call")
    func clientTrailers() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let frames = try connection.exchange(
            RawFrames.headers(1, RawFrames.fields())
                + RawFrames.data(1, RawFrames.message([1]), ends: false)
                + RawFrames.headers(1, [("x-checksum", "1")], ends: true)
        )
        #expect(frames.status(1) == "0")
    }

    @Test("Headers can be read for the methods that keep them, and for no others")
    func keptHeaders() throws {
        let harness = try Harness()
        let connection = try harness.open()
        var seen: [[UInt8]?] = []
        harness.service.onUnary = { call, _ in
            seen.append(harness.loop.header("authorization", of: call))
            seen.append(harness.loop.header("x-missing", of: call))
            harness.loop.reply(to: call, with: [UInt8]().span, .now)
        }
        for (stream, path) in [(1, "/test.Echo/Kept"), (3, "/test.Echo/Unary")] {
            let fields = RawFrames.fields(path, replacing: [("authorization", "Bearer x")])
            try connection.exchange(
                RawFrames.headers(stream, fields) + RawFrames.data(stream, RawFrames.message([]))
            )
        }
        #expect(seen == [Array("Bearer x".utf8), nil, nil, nil])
    }

    @Test("A call knows its peer while it is open")
    func peer() throws {
        let harness = try Harness()
        let peer = Peer(address: "10.1.2.3", identities: ["spiffe://house/envoy"])
        let connection = try harness.open(peer)
        var seen: [Peer] = []
        harness.service.onUnary = { call, _ in
            seen.append(harness.loop.peer(of: call))
            harness.loop.fail(call, .ok, .now)
        }
        try connection.exchange(RawFrames.unary(1))
        #expect(seen == [peer])
        #expect(harness.loop.peer(of: try #require(harness.service.calls.first)).address.isEmpty)
    }

    @Test("A status message is percent-encoded")
    func percentEncoding() throws {
        let harness = try Harness()
        let connection = try harness.open()
        harness.service.onUnary = { call, _ in
            harness.loop.fail(call, RPCStatus(.notFound, text: "50% of ü\n"), .now)
        }
        let frames = try connection.exchange(RawFrames.unary(1))
        #expect(frames.first?.fields["grpc-message"] == "50%25 of %C3%BC%0A")
        #expect(frames.status(1) == "5")
    }
}
