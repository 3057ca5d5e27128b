internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

/// What a hostile or broken peer can do, each until the connection is closed on it.
@Suite("A flood")
struct FloodTests {
    private static let calm: UInt32 = 11

    /// Sends the bytes of a number again and again, a read at a time.
    ///
    /// - Returns: everything that came back, and how many rounds it took until the end.
    private func flood(
        _ connection: LoopConnection,
        rounds: Int,
        each: Int = 100,
        _ bytes: (Int) -> [UInt8]
    ) throws -> (frames: [ReceivedFrame], rounds: Int) {
        var frames: [ReceivedFrame] = []
        for round in 0..<(rounds / each) {
            var batch: [UInt8] = []
            for index in 0..<each { batch += bytes(round * each + index) }
            frames += try connection.exchange(batch)
            if connection.isClosed { return (frames, (round + 1) * each) }
        }
        return (frames, rounds)
    }

    struct Attack: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// After how many the connection must be closed, for a peer that is not trusted.
        let limit: Int
        let code: UInt32
        let bytes: @Sendable (Int) -> [UInt8]

        init(
            _ name: String,
            within limit: Int,
            code: UInt32 = 11,
            _ bytes: @escaping @Sendable (Int) -> [UInt8]
        ) {
            testDescription = name
            self.limit = limit
            self.code = code
            self.bytes = bytes
        }
    }

    static let attacks = [
        Attack("rapid reset", within: 2200) { index in
            RawFrames.unary(2 * index + 1) + RawFrames.reset(2 * index + 1)
        },
        Attack("PING, answers read", within: 1100) { _ in RawFrames.ping() },
        Attack("PING answers that nobody asked for", within: 1100) { _ in
            RawFrames.ping(isAnswer: true)
        },
        Attack("SETTINGS, answers read", within: 1100) { _ in RawFrames.settings([]) },
        Attack("WINDOW_UPDATE", within: 1100) { _ in RawFrames.windowUpdate(0, 1) },
        Attack("PRIORITY", within: 1100) { index in
            RawFrames.frame(.priority, stream: 1, [0, 0, 0, 3, 16])
        },
        Attack("empty DATA", within: 1200) { index in
            index == 0
                ? RawFrames.headers(1, RawFrames.fields()) : RawFrames.data(1, [], ends: false)
        },
        Attack("frames of an unknown type", within: 400_000) { _ in
            RawFrames.frame(.unknown, Array(repeating: 0, count: 1000))
        },
        Attack("window overflow", within: 1200) { index in
            RawFrames.headers(2 * index + 1, RawFrames.fields())
                + RawFrames.windowUpdate(2 * index + 1, 0x7FFF_FFFF)
        },
        Attack("forbidden header", within: 1200) { index in
            RawFrames.headers(
                2 * index + 1,
                RawFrames.fields(replacing: [("connection", "close")])
            )
        },
        Attack("wrong content-length", within: 1200) { index in
            RawFrames.unary(2 * index + 1, [1], [("content-length", "99")])
        },
        Attack("too many fields", within: 1200) { index in
            let fields = RawFrames.fields(replacing: (0..<101).map { ("x-\($0)", "1") })
            return RawFrames.headers(2 * index + 1, fields)
        },
    ]

    @Test("is answered with ENHANCE_YOUR_CALM and the end", arguments: attacks)
    func attack(_ attack: Attack) throws {
        let harness = try Harness()
        let connection = try harness.open()
        let result = try flood(connection, rounds: attack.limit, attack.bytes)
        #expect(connection.isClosed, "still open after \(result.rounds)")
        #expect(result.frames.goawayCode == attack.code)
        // Whatever happened there, the next connection is served.
        #expect(try harness.open().exchange(RawFrames.unary(1)).status(1) == "0")
        #expect(harness.loop.statistics.callsOpen == 0)
        #expect(harness.loop.statistics.connectionsOpen == 1)
        #expect(
            harness.loop.statistics.budgetViolations + harness.loop.statistics.protocolErrors == 1
        )
    }

    @Test("of PING that nobody reads the answers to ends with the acknowledgements that may wait")
    func unreadAnswers() throws {
        let harness = try Harness()
        let connection = try harness.open()
        try connection.send((0..<1000).flatMap { _ in RawFrames.ping() })
        harness.tick()
        #expect(try connection.received().goawayCode == Self.calm)
        #expect(connection.isClosed)
    }

    @Test("of header continuations ends at the ninth")
    func continuations() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let first = RawFrames.frame(.headers, stream: 1, RawFrames.block(RawFrames.fields()))
        let more = (0..<20).flatMap { _ in RawFrames.frame(.continuation, stream: 1) }
        let frames = try connection.exchange(first + more)
        #expect(frames.goawayCode != nil)
        #expect(connection.isClosed)
    }

    @Test("of references to one large header resets each call, then ends the connection")
    func headerBomb() throws {
        let harness = try Harness()
        let connection = try harness.open()
        // One entry of the dynamic table, then thousands of one-byte references to it.
        let value = Array(repeating: UInt8(ascii: "v"), count: 3900)
        let literal: [UInt8] =
            [0x40, 1, UInt8(ascii: "x"), 0x7F, 0xBD, 0x1D] + value
        let block = RawFrames.block(RawFrames.fields()) + literal
        let first = RawFrames.frame(
            .headers,
            flags: RawFrames.endHeaders,
            stream: 1,
            block + Array(repeating: 0xBE, count: 8000)
        )
        var frames = try connection.exchange(first)
        #expect(frames.ofKind(.reset, stream: 1).map { $0.number(at: 0) } == [Self.calm])
        #expect(!connection.isClosed)
        for index in 1..<1200 where !connection.isClosed {
            frames += try connection.exchange(
                RawFrames.frame(
                    .headers,
                    flags: RawFrames.endHeaders,
                    stream: 2 * index + 1,
                    RawFrames.block(RawFrames.fields()) + Array(repeating: 0xBE, count: 100)
                )
            )
        }
        #expect(frames.goawayCode == Self.calm)
        #expect(connection.isClosed)
        #expect(harness.service.callEvents.isEmpty)
    }

    @Test("of resets as a trusted proxy makes them in a bad minute is no flood")
    func trustedResets() throws {
        let harness = try Harness()
        let connection = try harness.open(Peer(address: "10.0.0.1", identities: ["envoy"]))
        let result = try flood(connection, rounds: 20_000) { index in
            RawFrames.unary(2 * index + 1) + RawFrames.reset(2 * index + 1)
        }
        #expect(result.rounds == 20_000)
        #expect(!connection.isClosed)
        let frames = try connection.exchange(RawFrames.unary(40_001))
        #expect(frames.status(40_001) == "0")
    }

    @Test("of resets that answer our own is no flood: proxies end calls so that were ended here")
    func resetsOfEndedCalls() throws {
        let harness = try Harness()
        harness.service.onOpened = { harness.loop.finish($0, .ok, .now) }
        let connection = try harness.open()
        let result = try flood(connection, rounds: 6000, each: 1) { index in
            let call = 2 * (index / 2) + 1
            return index % 2 == 0
                ? RawFrames.headers(call, RawFrames.fields("/test.Echo/Stream"))
                : RawFrames.reset(call)
        }
        #expect(result.rounds == 6000)
        #expect(!connection.isClosed)
        #expect(result.frames.filter { $0.fields["grpc-status"] == "0" }.count == 3000)
    }

    @Test("of good calls is no flood, whatever their control frames")
    func goodCalls() throws {
        let harness = try Harness()
        let connection = try harness.open()
        let result = try flood(connection, rounds: 5000, each: 50) { index in
            RawFrames.unary(2 * index + 1) + RawFrames.windowUpdate(0, 100) + RawFrames.ping()
        }
        #expect(result.rounds == 5000)
        #expect(!connection.isClosed)
        #expect(result.frames.filter { $0.fields["grpc-status"] == "0" }.count == 5000)
    }
}
