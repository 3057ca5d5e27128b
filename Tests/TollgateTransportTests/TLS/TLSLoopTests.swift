internal import HTTP2Testing
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

/// A connection of a loop as its client sees it through TLS.
@Suite("Connections of a loop over TLS")
final class TLSLoopTests {
    private let files: TestFiles
    private let authority: TestCertificate
    private let tls: TLSContextHolder

    init() throws {
        files = try TestFiles()
        authority = try TestCertificate("authority", .authority)
        try files.write(try TestCertificate("server", .server, issuer: authority))
        tls = try TLSContextHolder(
            certificateFile: files.path("cert.pem"),
            keyFile: files.path("key.pem"),
            clientCAFile: nil
        )
    }

    /// A connection whose handshake is over.
    private func connect(
        _ harness: Harness,
        _ protocols: [String]
    ) throws -> (TestServer, TestClient) {
        let server = try TestServer(harness, tls)
        let client = try TestClient(trusting: authority, protocols: protocols)
        server.converse(with: client)
        #expect(client.isConnected)
        return (server, client)
    }

    private func text(_ client: TestClient) -> String {
        String(decoding: client.received, as: UTF8.self)
    }

    @Test("A request and a close_notify in one piece get an answer and a close_notify")
    func http1HalfClosure() throws {
        let harness = try plainHarness()
        let (server, client) = try connect(harness, ["http/1.1"])
        client.write(Array(get.utf8))
        client.shutdown()
        server.converse(with: client)
        #expect(text(client) == lastAllowed)
        #expect(client.isClosed && !server.channel.isActive)
    }

    @Test("Calls and a close_notify in one piece get answers and a close_notify")
    func http2HalfClosure() throws {
        let harness = try Harness()
        let (server, client) = try connect(harness, ["h2"])
        client.write(RawFrames.opening() + RawFrames.unary(1) + RawFrames.unary(3))
        client.shutdown()
        server.converse(with: client)
        let frames = FrameReader().read(client.received)
        #expect([1, 3].allSatisfy { frames.status($0) == "0" })
        #expect(frames.goawayCode == 0)
        #expect(client.isClosed && !server.channel.isActive)
    }

    @Test("A socket that ends without a close_notify costs no answer")
    func noCloseNotify() throws {
        let harness = try plainHarness()
        let (server, client) = try connect(harness, ["http/1.1"])
        client.write(Array(get.utf8))
        server.feed(client.drain())
        server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        server.converse(with: client)
        #expect(text(client) == lastAllowed)
        #expect(client.isClosed && !server.channel.isActive)
    }

    @Test("A socket that ends amid the handshake is closed")
    func halfHandshake() throws {
        let harness = try plainHarness()
        let server = try TestServer(harness, tls)
        let client = try TestClient(trusting: authority)
        client.feed([])
        server.feed(Array(client.drain().dropLast(10)))
        server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!server.channel.isActive)
    }

    @Test("A server that stops waits until its answers, GOAWAY and close_notify have left")
    func stopping() throws {
        let harness = try Harness()
        let (server, client) = try connect(harness, ["h2"])
        client.write(RawFrames.opening() + RawFrames.settingsAck)
        server.converse(with: client)
        let socket = try BlockedSocket.add(to: server.channel)
        client.write((0..<100).flatMap { RawFrames.unary(2 * $0 + 1) })
        server.converse(with: client)
        harness.loop.drain(within: .seconds(30), harness.eventLoop.makePromise())
        // After a second the client's silence is taken for leave.
        harness.advance(.seconds(2))
        #expect(server.channel.isActive)
        socket.open()
        server.converse(with: client)
        let frames = FrameReader().read(client.received)
        #expect(frames.filter { $0.fields["grpc-status"] == "0" }.count == 100)
        #expect(frames.ofKind(.goaway).count == 2)
        #expect(client.isClosed && !server.channel.isActive)
    }

    @Test("The last answer of an HTTP/1.1 connection leaves whole, and its close_notify behind it")
    func lastAnswer() throws {
        let harness = try plainHarness(String(repeating: "x", count: 100_000))
        let (server, client) = try connect(harness, ["http/1.1"])
        let socket = try BlockedSocket.add(to: server.channel)
        client.write(Array(lastGet.utf8))
        server.converse(with: client)
        #expect(server.channel.isActive)
        socket.open()
        server.converse(with: client)
        #expect(text(client).hasSuffix("\r\n\r\n" + String(repeating: "x", count: 100_000)))
        #expect(client.isClosed && !server.channel.isActive)
    }
}
