internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

@Suite("A peer that breaks HTTP/2")
struct ProtocolErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) {
            testDescription = name
            self.bytes = bytes
        }
    }

    static let fatal = [
        Case("even stream", RawFrames.unary(2)),
        Case("decreasing stream", RawFrames.unary(5) + RawFrames.headers(0, RawFrames.fields())),
        Case("reset of an idle stream", RawFrames.reset(1)),
        Case("DATA on an idle stream", RawFrames.data(1, [])),
        Case("push promise", RawFrames.frame(.pushPromise, flags: 4, stream: 1, [0, 0, 0, 2])),
        Case("connection window overflow", RawFrames.windowUpdate(0, 0x7FFF_FFFF)),
        Case("window update of zero", RawFrames.windowUpdate(0, 0)),
        Case("frame too large", RawFrames.data(1, Array(repeating: 0, count: 16_385))),
        Case("priority of four bytes", RawFrames.frame(.priority, stream: 1, [0, 0, 0, 0])),
        Case("ENABLE_PUSH 2", RawFrames.settings([(2, 2)])),
        Case("INITIAL_WINDOW_SIZE 2^31", RawFrames.settings([(4, 1 << 31)])),
        Case("MAX_FRAME_SIZE 100", RawFrames.settings([(5, 100)])),
        Case("33 settings", RawFrames.settings((0..<33).map { (UInt16(0xF000 + $0), 1) })),
        Case("settings of five bytes", RawFrames.frame(.settings, [0, 0, 0, 0, 0])),
        Case(
            "bad header index",
            RawFrames.frame(.headers, flags: 5, stream: 1, [0xFF, 0x80, 0x7F])
        ),
        Case("header index zero", RawFrames.frame(.headers, flags: 5, stream: 1, [0x80])),
        Case("continuation of nothing", RawFrames.frame(.continuation, flags: 4, stream: 1)),
        Case(
            "DATA behind the end",
            RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream"))
                + RawFrames.data(1, RawFrames.message([1])) + RawFrames.data(1, [1])
        ),
    ]

    @Test("is told so, and the connection ends", arguments: fatal)
    func fatalError(_ row: Case) throws {
        let harness = try Harness()
        let connection = try harness.open()
        let frames = try connection.exchange(row.bytes)
        #expect(frames.goawayCode.map { $0 != 0 } == true)
        #expect(connection.isClosed)
        #expect(harness.loop.statistics.callsOpen == 0)
        #expect(
            harness.loop.statistics.protocolErrors + harness.loop.statistics.budgetViolations == 1
        )
        #expect(try harness.open().exchange(RawFrames.unary(1)).status(1) == "0")
    }

    static let streamErrors = [
        Case("upper case", RawFrames.headers(1, RawFrames.fields(replacing: [("X-Upper", "1")]))),
        Case(
            "connection",
            RawFrames.headers(1, RawFrames.fields(replacing: [("connection", "x")]))
        ),
        Case("te: gzip", RawFrames.headers(1, RawFrames.fields(replacing: [("te", "gzip")]))),
        Case("pseudo last", RawFrames.headers(1, [("te", "trailers")] + RawFrames.fields())),
        Case("two paths", RawFrames.headers(1, [(":path", "/")] + RawFrames.fields())),
        Case("no method", RawFrames.headers(1, RawFrames.fields(replacing: [(":method", "")]))),
        Case("CR in a value", RawFrames.headers(1, RawFrames.fields(replacing: [("x", "a\rb")]))),
        Case("NUL in a value", RawFrames.headers(1, RawFrames.fields(replacing: [("x", "a\0b")]))),
        Case(
            "content-length too small",
            RawFrames.headers(1, RawFrames.fields(replacing: [("content-length", "1")]))
                + RawFrames.data(1, RawFrames.message([1]))
        ),
        Case(
            "trailers without an end",
            RawFrames.headers(1, RawFrames.fields()) + RawFrames.headers(1, [("x", "y")])
        ),
        Case(
            "stream window overflow",
            RawFrames.headers(1, RawFrames.fields()) + RawFrames.windowUpdate(1, 0x7FFF_FFFF)
        ),
    ]

    @Test("in one stream loses that stream only", arguments: streamErrors)
    func streamError(_ row: Case) throws {
        let harness = try Harness()
        let connection = try harness.open()
        let frames = try connection.exchange(row.bytes)
        #expect(frames.ofKind(.reset, stream: 1).count == 1)
        #expect(frames.ofKind(.goaway).isEmpty)
        #expect(harness.service.callEvents.isEmpty)
        #expect(try connection.exchange(RawFrames.unary(3)).status(3) == "0")
        #expect(harness.loop.statistics.callsOpen == 0)
    }

    @Test("with an unknown frame, PRIORITY_UPDATE or an unknown setting is not one")
    func unknown() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let frames = try connection.exchange(
            RawFrames.frame(.unknown, [1, 2, 3]) + RawFrames.settings([(0xFE03, 1)])
                + [0, 0, 4, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 1] + RawFrames.unary(1)
        )
        #expect(frames.status(1) == "0")
    }

    @Test("with more calls than are allowed has the surplus refused")
    func concurrency() throws {
        let harness = try Harness { $0.maximumConcurrentStreams = 3 }
        // Without its acknowledgement the client may not have seen our limit yet.
        let connection = try harness.connect()
        harness.service.onUnary = { _, _ in }
        var bytes = RawFrames.opening()
        for stream in [1, 3, 5, 7] { bytes += RawFrames.unary(stream) }
        let frames = try connection.exchange(bytes)
        #expect(frames.ofKind(.reset).map(\.stream) == [7])
        #expect(frames.ofKind(.reset).first?.number(at: 0) == 7)
        #expect(harness.service.calls.count == 3)
        #expect(!connection.isClosed)
    }
}
