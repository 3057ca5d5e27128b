internal import COpenSSL
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

@Suite("TLS handshakes")
final class TLSHandshakeTests {
    private let files: TestFiles
    private let authority: TestCertificate
    private let certificate: TestCertificate

    init() throws {
        files = try TestFiles()
        authority = try TestCertificate("authority", .authority)
        certificate = try TestCertificate("server", .server, issuer: authority)
        try files.write(certificate, clientCA: authority)
    }

    private func server(withClientCA: Bool = false) throws -> TestServer {
        try TestServer(files.context(withClientCA: withClientCA))
    }

    /// Checks that the client got an alert and the server closed, with nothing passed on.
    private func expectRefusal(_ server: TestServer, _ client: TestClient, alert: Int32) {
        server.converse(with: client)
        #expect(client.alert == Int(alert))
        #expect(server.recorder.failures.map(\.code) == [.handshake])
        #expect(server.recorder.order.isEmpty)
        #expect(server.recorder.isInactive)
    }

    @Test("A client with TLS 1.3 and h2 is served, without a ticket for later")
    func agreement() throws {
        let server = try server()
        let client = try TestClient(trusting: authority, protocols: ["http/1.1", "h2"])
        server.converse(with: client)
        #expect(client.isConnected && client.version == TLS1_3_VERSION)
        #expect(client.sees(certificate))
        #expect(!client.hasTicket)
        #expect(server.recorder.order == [TLSHandshakeCompleted(identities: [], isHTTP2: true)])
    }

    @Test("The event comes before the first bytes, also when they arrive together")
    func order() throws {
        let server = try server()
        let client = try TestClient(trusting: authority)
        client.feed([])
        server.feed(client.drain())
        for bytes in server.drain() { client.feed(bytes) }
        client.write([1, 2, 3])
        server.feed(client.drain())
        #expect(
            server.recorder.order == [TLSHandshakeCompleted(identities: [], isHTTP2: true), nil]
        )
        #expect(server.recorder.received == [1, 2, 3])
    }

    @Test("It does not matter how the bytes are cut", arguments: [1, 2, 3, 5, 100, 1_000])
    func fragmentation(_ pieceSize: Int) throws {
        let server = try server(withClientCA: true)
        let client = try TestClient(
            trusting: authority,
            identity: TestCertificate("client", .client, issuer: authority, names: "DNS:edge")
        )
        let message = (0..<3_000).map { UInt8(truncatingIfNeeded: $0) }
        server.recorder.answer = [42]
        server.converse(with: client, pieceSize: pieceSize)
        client.write(message)
        client.shutdown()
        server.converse(with: client, pieceSize: pieceSize)
        #expect(
            server.recorder.order.first
                == TLSHandshakeCompleted(identities: ["edge"], isHTTP2: true)
        )
        #expect(server.recorder.received == message)
        #expect(client.received == [42])
        #expect(client.isClosed)
        #expect(server.recorder.failures.isEmpty && server.recorder.isInactive)
    }

    @Test(
        "A client that offers neither h2 nor http/1.1 is refused",
        arguments: [["h2c"], ["h"], ["xh2", "h22"], ["H2"], ["http/1.0", "http/1"]]
    )
    func protocols(_ protocols: [String]) throws {
        let client = try TestClient(trusting: authority, protocols: protocols)
        let server = try server()
        expectRefusal(server, client, alert: SSL_AD_NO_APPLICATION_PROTOCOL)
        #expect(server.recorder.failures.first?.reason == "no application protocol")
    }

    @Test(
        "HTTP/1.1 is for who does not offer h2, or nothing at all",
        arguments: [([], false), (["http/1.1"], false), (["http/1.1", "h2"], true)]
    )
    func agreements(_ protocols: [String], _ isHTTP2: Bool) throws {
        let client = try TestClient(trusting: authority, protocols: protocols)
        let server = try server()
        server.converse(with: client)
        #expect(
            server.recorder.order == [TLSHandshakeCompleted(identities: [], isHTTP2: isHTTP2)]
        )
    }

    @Test("A client with an older TLS is refused")
    func versions() throws {
        let client = try TestClient(trusting: authority, version: TLS1_2_VERSION)
        expectRefusal(try server(), client, alert: SSL_AD_PROTOCOL_VERSION)
    }

    @Test(
        "Bytes that are not TLS are answered with an alert and the end",
        arguments: [
            "GET / HTTP/1.1\r\nhost: tollgate\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            String(repeating: "\u{0}", count: 64), String(repeating: "xyz", count: 50_000),
        ]
    )
    func plaintext(_ text: String) throws {
        let server = try server()
        server.feed(Array(text.utf8))
        // A record of type alert (21).
        #expect(server.drain().first?.first == 21)
        #expect(server.recorder.failures.map(\.code) == [.handshake])
        #expect(server.recorder.isInactive)
    }

    @Test("A hello with any one byte changed on its way leads to no connection")
    func tampering() throws {
        let context = try files.context()
        let original = try TestClient(trusting: authority)
        original.feed([])
        // Behind the record's header, of which RFC 8446 section 5.1 has the version ignored.
        for place in 5..<original.drain().count {
            let server = try TestServer(context)
            let client = try TestClient(trusting: authority)
            client.feed([])
            var hello = client.drain()
            guard place < hello.count else { break }
            hello[place] ^= 1 << UInt8(place % 8)
            server.feed(hello)
            for bytes in server.drain() { client.feed(bytes) }
            server.converse(with: client)
            #expect(server.recorder.order.isEmpty, "byte \(place)")
        }
    }

    @Test("A handshake that takes five seconds is too long, however it is drawn out")
    func timeout() throws {
        let server = try server()
        let client = try TestClient(trusting: authority)
        client.feed([])
        for byte in client.drain().prefix(50) {
            server.feed([byte])
            server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
        }
        #expect(!server.recorder.isInactive)
        server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(50))
        #expect(server.recorder.failures.map(\.code) == [.timeout])
        #expect(server.recorder.isInactive)
    }

    @Test("After the handshake the time does not matter")
    func noTimeout() throws {
        let server = try server()
        server.converse(with: try TestClient(trusting: authority))
        server.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(server.recorder.failures.isEmpty && !server.recorder.isInactive)
    }
}

@Suite("TLS client certificates")
final class TLSClientCertificateTests {
    private let files: TestFiles
    private let authority: TestCertificate

    init() throws {
        files = try TestFiles()
        authority = try TestCertificate("authority", .authority)
        let server = try TestCertificate("server", .server, issuer: authority)
        try files.write(server, clientCA: authority)
    }

    /// What becomes of a client with this certificate.
    private func outcome(
        _ identity: TestCertificate?,
        chain: [TestCertificate] = []
    ) throws -> (server: TestServer, client: TestClient) {
        let server = try TestServer(files.context(withClientCA: true))
        let client = try TestClient(trusting: authority, identity: identity, chain: chain)
        server.converse(with: client)
        return (server, client)
    }

    private func expectRefusal(_ identity: TestCertificate?, alert: Int32) throws -> String {
        let (server, client) = try outcome(identity)
        #expect(client.alert == Int(alert))
        #expect(server.recorder.failures.map(\.code) == [.handshake])
        #expect(server.recorder.order.isEmpty && server.recorder.isInactive)
        return server.recorder.failures.first?.reason ?? ""
    }

    @Test("The names of the certificate are passed on, those that can be trusted to be names")
    func identities() throws {
        let names =
            "URI:spiffe://example/tollgate/proxy/edge-1,DNS:edge-1.example,IP:192.0.2.1,"
            + "DNS:spiffe://forged,DNS:*.edge_2.example,URI:no-colon,email:a@example.com"
        let identity = try TestCertificate("client", .client, issuer: authority, names: names)
        let (server, _) = try outcome(identity)
        let expected = [
            "spiffe://example/tollgate/proxy/edge-1", "edge-1.example", "*.edge_2.example",
        ]
        #expect(
            server.recorder.order == [TLSHandshakeCompleted(identities: expected, isHTTP2: true)]
        )
    }

    @Test("A certificate without names, or with too many, is no reason to refuse")
    func numberOfNames() throws {
        let nameless = try TestCertificate("client", .client, issuer: authority)
        #expect(
            try outcome(nameless).server.recorder.order == [
                TLSHandshakeCompleted(identities: [], isHTTP2: true)
            ]
        )
        let names = (1...40).map { "DNS:edge-\($0)" }
        let many = try TestCertificate(
            "client",
            .client,
            issuer: authority,
            names: names.joined(separator: ",")
        )
        let event = try #require(try outcome(many).server.recorder.order.first ?? nil)
        #expect(event.identities == (1...16).map { "edge-\($0)" })
    }

    @Test("A client without a certificate is refused")
    func missing() throws {
        _ = try expectRefusal(nil, alert: SSL_AD_CERTIFICATE_REQUIRED)
    }

    @Test("A certificate of an authority that is not ours is refused, also of its name")
    func unknownAuthority() throws {
        for name in ["authority", "other"] {
            let other = try TestCertificate(name, .authority)
            let identity = try TestCertificate("client", .client, issuer: other)
            let (server, client) = try outcome(identity)
            #expect(client.alert != nil)
            #expect(server.recorder.order.isEmpty && server.recorder.isInactive)
        }
        let alone = try TestCertificate("client", .client)
        _ = try expectRefusal(alone, alert: SSL_AD_UNKNOWN_CA)
    }

    @Test("A certificate that has expired is refused")
    func expired() throws {
        let identity = try TestCertificate("client", .client, issuer: authority, expiresIn: -60)
        let reason = try expectRefusal(identity, alert: SSL_AD_CERTIFICATE_EXPIRED)
        #expect(reason.contains("certificate has expired"))
    }

    @Test("A certificate for servers does not make a client")
    func purpose() throws {
        let identity = try TestCertificate("client", .server, issuer: authority)
        _ = try expectRefusal(identity, alert: SSL_AD_UNSUPPORTED_CERTIFICATE)
    }

    @Test("Three authorities may stand between a client and ours, and not four")
    func depth() throws {
        var chain: [TestCertificate] = []
        for level in 1...4 {
            let between = try TestCertificate(
                "level \(level)",
                .authority,
                issuer: chain.first ?? authority
            )
            chain.insert(between, at: 0)
            let identity = try TestCertificate("client", .client, issuer: between)
            let (server, client) = try outcome(identity, chain: chain)
            #expect((client.alert == nil) == (level <= 3))
            #expect(server.recorder.isInactive == (level > 3))
        }
    }

    @Test("Without authorities a client's certificate is not asked for")
    func notWanted() throws {
        let identity = try TestCertificate("client", .client, issuer: authority, names: "DNS:edge")
        let server = try TestServer(files.context())
        server.converse(with: try TestClient(trusting: authority, identity: identity))
        #expect(server.recorder.order == [TLSHandshakeCompleted(identities: [], isHTTP2: true)])
    }
}
