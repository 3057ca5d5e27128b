import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import tollgate

/// What a server sends, and what becomes of the call.
@Suite("One call on its stream")
struct UnaryCallTests {
    /// A call on a stream without a network; `loop` is also its clock.
    private struct Harness {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel
        let answer: EventLoopFuture<[UInt8]>

        init(question: [UInt8] = [1, 2, 3], timeout: TimeAmount = .seconds(2)) throws {
            let promise = loop.makePromise(of: [UInt8].self)
            answer = promise.futureResult
            let request = UnaryCall.Request(
                path: "/a.B/C",
                endpoint: try RPCEndpoint(parsing: "gate:9"),
                message: question,
                deadline: loop.now + timeout,
                answerLimit: 10
            )
            channel = EmbeddedChannel(handler: UnaryCall(request, promise), loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 9)).wait()
        }

        func receive(_ payload: HTTP2Frame.FramePayload) {
            channel.pipeline.fireChannelRead(payload)
        }

        func receive(headers: [(String, String)], isLast: Bool = false) {
            receive(.headers(.init(headers: HPACKHeaders(headers), endStream: isLast)))
        }

        func receive(_ bytes: [UInt8], isLast: Bool = false) {
            receive(.data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: isLast)))
        }

        /// What the call came to; nil while it runs.
        var outcome: Result<[UInt8], RPCError>? {
            let outcome = NIOLoopBoundBox<Result<[UInt8], RPCError>?>(nil, eventLoop: loop)
            answer.whenComplete { result in
                outcome.value = result.mapError { $0 as? RPCError ?? RPCError(.malformed, "\($0)") }
            }
            return outcome.value
        }

        var problem: RPCError.Code? {
            guard case .failure(let error) = outcome else { return nil }
            return error.code
        }
    }

    private static let good = [(":status", "200"), ("content-type", "application/grpc")]

    @Test("The question is sent as gRPC wants it, and nothing follows it")
    func question() throws {
        let harness = try Harness()
        let first = try harness.channel.readOutbound(as: HTTP2Frame.FramePayload.self)
        guard case .headers(let headers) = first else {
            Issue.record("no headers")
            return
        }
        #expect(!headers.endStream)
        let expected: [(String, String)] = [
            (":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"), (":authority", "gate:9"),
            ("te", "trailers"), ("content-type", "application/grpc"),
        ]
        for (name, value) in expected { #expect(headers.headers.first(name: name) == value) }
        #expect(headers.headers.first(name: "grpc-timeout") != nil)
        let second = try harness.channel.readOutbound(as: HTTP2Frame.FramePayload.self)
        guard case .data(let data) = second, case .byteBuffer(let bytes) = data.data else {
            Issue.record("no data")
            return
        }
        #expect(data.endStream)
        #expect(Array(bytes.readableBytesView) == [0, 0, 0, 0, 3, 1, 2, 3])
        #expect(try harness.channel.readOutbound(as: HTTP2Frame.FramePayload.self) == nil)
    }

    @Test("An answer in pieces, with status OK, is the message")
    func answer() throws {
        let harness = try Harness()
        harness.receive(headers: [(":status", "103")])
        harness.receive(headers: Self.good)
        for byte: UInt8 in [0, 0, 0, 0, 2, 7] { harness.receive([byte]) }
        harness.receive([8])
        #expect(harness.outcome == nil)
        harness.receive(headers: [("grpc-status", "0")], isLast: true)
        #expect(try harness.outcome?.get() == [7, 8])
    }

    @Test("Another status is an error with its message, with or without headers before it")
    func status() throws {
        for hasHeaders in [true, false] {
            let harness = try Harness()
            if hasHeaders { harness.receive(headers: Self.good) }
            let trailers = [("grpc-status", "3"), ("grpc-message", "100%25 caf%C3%A9 %zz %")]
            harness.receive(headers: hasHeaders ? trailers : Self.good + trailers, isLast: true)
            let expected = RPCError(
                .status(RPCStatusCode(rawValue: 3)),
                "100% caf\u{e9} %zz %"
            )
            #expect(harness.outcome == .failure(expected))
            #expect(expected.description == "INVALID_ARGUMENT: 100% caf\u{e9} %zz %")
        }
    }

    @Test(
        "What is no answer of gRPC is malformed, whatever comes after it",
        arguments: [
            [], [(":status", "404")], [(":status", "200")],
            [(":status", "200"), ("content-type", "text/html")],
            [(":status", "200"), ("content-type", "application/grpcx")],
        ]
    )
    func foreign(_ headers: [(String, String)]) throws {
        let harness = try Harness()
        harness.receive(headers: headers)
        harness.receive([0, 0, 0, 0, 0])
        harness.receive(headers: [("grpc-status", "0")], isLast: true)
        #expect(harness.problem == .malformed)
    }

    @Test(
        "A message that is not one whole uncompressed message is malformed",
        arguments: [
            [], [0], [0, 0, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 1, 7], [0, 0, 0, 0, 1, 7, 7],
            [0, 0xFF, 0xFF, 0xFF, 0xFF, 7], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]]
    )
    func brokenMessage(_ bytes: [UInt8]) throws {
        let harness = try Harness()
        harness.receive(headers: Self.good)
        harness.receive(bytes)
        harness.receive(headers: [("grpc-status", "0")], isLast: true)
        #expect(harness.problem == .malformed)
    }

    @Test("An answer without a status is never taken as one")
    func missingStatus() throws {
        let trailers: [[(String, String)]] = [[], [("grpc-status", "")], [("grpc-status", "x")]]
        for trailers in trailers {
            let harness = try Harness()
            harness.receive(headers: Self.good)
            harness.receive([0, 0, 0, 0, 1, 7])
            harness.receive(headers: trailers, isLast: true)
            #expect(harness.problem == .malformed)
        }
        let harness = try Harness()
        harness.receive(headers: Self.good)
        harness.receive([0, 0, 0, 0, 1, 7], isLast: true)
        #expect(harness.problem == .malformed)
    }

    @Test("The largest answer is taken, and one byte more is not kept")
    func limit() throws {
        let prefix: [UInt8] = [0, 0, 0, 0, 10]
        let harness = try Harness()
        harness.receive(headers: Self.good)
        harness.receive(prefix + Array(repeating: 7, count: 10))
        #expect(harness.outcome == nil)
        harness.receive([7])
        #expect(harness.problem == .malformed)
    }

    @Test("A reset, an error and the end of the connection end the call")
    func ends() throws {
        let reset = try Harness()
        reset.receive(.rstStream(.refusedStream))
        #expect(reset.problem == .unreachable)
        let failed = try Harness()
        failed.channel.pipeline.fireErrorCaught(ChannelError.outputClosed)
        #expect(failed.problem == .unreachable)
        let closed = try Harness()
        closed.channel.pipeline.fireChannelInactive()
        #expect(closed.problem == .unreachable)
    }

    @Test("At its deadline a call ends, and what comes later changes nothing")
    func deadline() throws {
        let harness = try Harness(timeout: .seconds(2))
        harness.loop.advanceTime(by: .milliseconds(1999))
        #expect(harness.outcome == nil)
        harness.loop.advanceTime(by: .milliseconds(1))
        #expect(harness.problem == .timeout)
        harness.receive(headers: Self.good + [("grpc-status", "0")], isLast: true)
        #expect(harness.problem == .timeout)
    }
}
