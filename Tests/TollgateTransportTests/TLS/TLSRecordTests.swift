internal import COpenSSL
internal import NIOCore
internal import NIOEmbedded
internal import Testing
internal import TollgateTransport

/// An open connection, and what both ends may do with it.
@Suite("TLS connections")
final class TLSRecordTests {
    private let files: TestFiles
    private let server: TestServer
    private let client: TestClient
    private var recorder: Recorder { server.recorder }

    init() throws {
        files = try TestFiles()
        let authority = try TestCertificate("authority", .authority)
        try files.write(try TestCertificate("server", .server, issuer: authority))
        server = try TestServer(files.context())
        client = try TestClient(trusting: authority)
        server.converse(with: client)
    }

    @Test("Both ends read what the other wrote, whatever its length")
    func data() throws {
        for count in [1, 100, 16_383, 16_384, 16_385, 40_000, 300_000] {
            let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let before = (recorder.received.count, client.received.count)
            client.write(message)
            server.channel.writeAndFlush(ByteBuffer(bytes: message), promise: nil)
            server.converse(with: client)
            #expect(Array(recorder.received.dropFirst(before.0)) == message)
            #expect(Array(client.received.dropFirst(before.1)) == message)
        }
    }

    @Test("All that is written before a flush leaves as one buffer, and its promises are kept")
    func coalescing() throws {
        var futures: [EventLoopFuture<Void>] = []
        for byte in 0..<10 as Range<UInt8> {
            futures.append(server.channel.write(ByteBuffer(bytes: [byte])))
        }
        futures.append(server.channel.write(ByteBuffer()))
        #expect(server.drain().isEmpty)
        server.channel.flush()
        let buffers = server.drain()
        #expect(buffers.count == 1)
        for future in futures { try future.wait() }
        client.feed(buffers.flatMap { $0 })
        #expect(client.received == Array(0..<10))
    }

    @Test("A write of nothing is done at the flush, and sends nothing")
    func emptyWrite() throws {
        let future = server.channel.write(ByteBuffer())
        server.channel.flush()
        try future.wait()
        #expect(server.drain().joined().isEmpty)
    }

    @Test("A write of nothing is done when those before it have left")
    func emptyWriteBehindOthers() throws {
        let socket = try BlockedSocket.add(to: server.channel)
        var done: [Int] = []
        for count in [1, 0] {
            server.channel.writeAndFlush(ByteBuffer(repeating: 7, count: count))
                .assumeIsolated().whenSuccess { done.append(count) }
        }
        #expect(done.isEmpty)
        socket.open()
        #expect(done == [1, 0])
        server.converse(with: client)
        #expect(client.received == [7])
    }

    @Test("What one read brings is passed on as one buffer")
    func oneBuffer() {
        for byte in 0..<50 as Range<UInt8> { client.write([byte]) }
        server.feed(client.drain())
        #expect(recorder.buffers == [Array(0..<50)])
    }

    @Test("More than the budget is left to later turns, and nothing is read meanwhile")
    func budget() {
        let message = [UInt8](repeating: 7, count: 5 * TLSHandler.readBudget / 2)
        client.write(message)
        let reads = server.reads.count
        server.feed(client.drain())
        #expect(recorder.received.count == TLSHandler.readBudget)
        server.channel.read()
        server.channel.read()
        #expect(server.reads.count == reads)
        server.channel.embeddedEventLoop.run()
        #expect(recorder.received == message)
        #expect(recorder.buffers.allSatisfy { $0.count <= TLSHandler.readBudget })
        // The read that was held back, once.
        #expect(server.reads.count == reads + 1)
        server.channel.read()
        #expect(server.reads.count == reads + 2)
    }

    @Test("What comes while some is left over is passed on in order, and reading goes on")
    func leftover() {
        let first = [UInt8](repeating: 1, count: TLSHandler.readBudget + 10)
        client.write(first)
        server.feed(client.drain())
        let reads = server.reads.count
        server.channel.read()
        // Takes the rest along, before the turn that was meant for it.
        client.write([2])
        server.feed(client.drain())
        #expect(recorder.received == first + [2])
        #expect(server.reads.count == reads)
        server.channel.embeddedEventLoop.run()
        #expect(recorder.received == first + [2])
        #expect(server.reads.count == reads + 1)
    }

    @Test("An end without close_notify is an end all the same, behind what came before it")
    func peerVanishesPolitely() {
        let message = [UInt8](repeating: 7, count: 3 * TLSHandler.readBudget)
        client.write(message)
        server.feed(client.drain())
        server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(recorder.received.count == TLSHandler.readBudget)
        server.converse(with: client)
        #expect(recorder.received == message)
        #expect(client.isClosed && recorder.isInactive)
        #expect(recorder.ends == 1)
    }

    @Test("The socket's end behind a close_notify is not told once more")
    func endTwice() {
        client.write([1])
        client.shutdown()
        recorder.staysOpen = true
        server.converse(with: client)
        server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(recorder.ends == 1)
        #expect(!recorder.isInactive && !client.isClosed)
        server.channel.writeAndFlush(ByteBuffer(bytes: [42]), promise: nil)
        server.channel.close(promise: nil)
        server.converse(with: client)
        #expect(client.received == [42])
        #expect(client.isClosed && recorder.isInactive)
    }

    @Test("A close_notify is answered with the answers of its turn and a close_notify")
    func peerCloses() {
        recorder.answer = [42]
        client.write([1])
        client.shutdown()
        server.converse(with: client)
        #expect(recorder.received == [1])
        #expect(client.received == [42])
        #expect(client.isClosed)
        #expect(recorder.isInactive && recorder.failures.isEmpty)
    }

    @Test("A close_notify behind more than the budget waits for what came before it")
    func peerClosesLate() {
        let message = [UInt8](repeating: 7, count: 3 * TLSHandler.readBudget)
        client.write(message)
        client.shutdown()
        server.converse(with: client)
        #expect(recorder.received == message)
        #expect(client.isClosed && recorder.isInactive)
    }

    @Test("Closing sends what was written, and says close_notify")
    func weClose() throws {
        let written = server.channel.write(ByteBuffer(bytes: [1]))
        let closed = server.channel.close()
        server.converse(with: client)
        try written.wait()
        try closed.wait()
        #expect(client.received == [1])
        #expect(client.isClosed && recorder.isInactive)
    }

    @Test("Closing the output alone says close_notify, and still reads")
    func weCloseOutput() {
        server.channel.close(mode: .output, promise: nil)
        server.converse(with: client)
        #expect(client.isClosed)
        #expect(throws: (any Error).self) {
            try server.channel.writeAndFlush(ByteBuffer(bytes: [1])).wait()
        }
    }

    @Test("A record that was changed on its way ends the connection; the one before it is good")
    func tampering() {
        client.write([1, 2, 3])
        let good = client.drain()
        client.write([4, 5, 6])
        var bad = client.drain()
        bad[bad.count - 1] ^= 1
        server.feed(good + bad)
        server.converse(with: client)
        #expect(recorder.received == [1, 2, 3])
        #expect(recorder.failures.map(\.code) == [.record])
        #expect(client.alert == Int(SSL_AD_BAD_RECORD_MAC))
        #expect(recorder.isInactive)
    }

    @Test("Plain bytes on an open connection end it")
    func plaintext() {
        server.feed(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(recorder.received.isEmpty)
        #expect(recorder.failures.map(\.code) == [.record])
        #expect(recorder.isInactive)
    }

    @Test("New keys are taken and given, again and again", arguments: [true, false])
    func keyUpdates(_ isMutual: Bool) {
        for round in 0..<40 as Range<UInt8> {
            client.updateKeys(isMutual: isMutual)
            client.write([round])
            server.channel.writeAndFlush(ByteBuffer(bytes: [round]), promise: nil)
            server.converse(with: client)
        }
        #expect(recorder.received == Array(0..<40))
        #expect(client.received == Array(0..<40))
        #expect(recorder.failures.isEmpty)
    }

    @Test("A peer that asks for new keys gets them before the next data")
    func keyUpdateAnswer() throws {
        client.updateKeys(isMutual: true)
        server.feed(client.drain())
        server.channel.writeAndFlush(ByteBuffer(bytes: [1]), promise: nil)
        let bytes = try #require(server.drain().first)
        // RFC 8446 sections 4.6.3 and 5.2: five bytes of message, one of type, sixteen of tag.
        #expect(Array(bytes.prefix(5)) == [23, 3, 3, 0, 22])
        #expect(bytes.count == (5 + 22) + (5 + 18))
        client.feed(bytes)
        #expect(client.received == [1])
    }

    @Test("A flood of new keys ends the connection", arguments: [true, false])
    func keyUpdateFlood(_ isMutual: Bool) {
        for _ in 0..<1_000 { client.updateKeys(isMutual: isMutual) }
        server.feed(client.drain())
        #expect(recorder.failures.map(\.code) == [.record])
        #expect(recorder.isInactive)
    }

    @Test("A peer that vanishes leaves nothing waiting")
    func vanishing() {
        client.write([UInt8](repeating: 7, count: 3 * TLSHandler.readBudget))
        server.feed(client.drain())
        let written = server.channel.write(ByteBuffer(bytes: [1]))
        server.channel.pipeline.fireChannelInactive()
        server.channel.embeddedEventLoop.run()
        #expect(throws: (any Error).self) { try written.wait() }
        #expect(recorder.received.count == TLSHandler.readBudget)
        #expect(recorder.failures.isEmpty)
    }
}

@Suite("TLS connections without a channel")
struct TLSConnectionTests {
    @Test("Our key is changed when enough was written under it, and the peer can go on reading")
    func keyLifetime() throws {
        let files = try TestFiles()
        let authority = try TestCertificate("authority", .authority)
        try files.write(try TestCertificate("server", .server, issuer: authority))
        let connection = try TLSConnection(files.context(), keyLifetime: 100)
        let client = try TestClient(trusting: authority)
        client.feed([])
        connection.feed(ByteBuffer(bytes: client.drain()))
        #expect(connection.handshake() == .incomplete)
        client.feed(Array(buffer: try #require(connection.drain())))
        connection.feed(ByteBuffer(bytes: client.drain()))
        #expect(connection.handshake() == .complete)

        var lengths: [Int] = []
        for byte in 0..<6 as Range<UInt8> {
            #expect(connection.write(ByteBuffer(repeating: byte, count: 50)) == .complete)
            let bytes = try #require(connection.drain())
            lengths.append(bytes.readableBytes)
            client.feed(Array(buffer: bytes))
        }
        // Before every third record, one of 27 bytes that announces the key.
        #expect(lengths == [72, 72, 72 + 27, 72, 72 + 27, 72])
        #expect(client.received == (0..<6).flatMap { [UInt8](repeating: $0, count: 50) })
    }
}

@Suite("Writes before the end of a TLS handshake")
final class TLSEarlyWriteTests {
    private let files: TestFiles
    private let server: TestServer
    private let client: TestClient

    init() throws {
        files = try TestFiles()
        let authority = try TestCertificate("authority", .authority)
        try files.write(try TestCertificate("server", .server, issuer: authority))
        server = try TestServer(files.context())
        client = try TestClient(trusting: authority)
    }

    @Test("They are kept and leave right after it, in order")
    func held() throws {
        let first = server.channel.writeAndFlush(ByteBuffer(bytes: [1]))
        let second = server.channel.write(ByteBuffer(bytes: [2, 3]))
        #expect(server.drain().isEmpty)
        server.converse(with: client)
        #expect(client.received == [1, 2, 3])
        try first.wait()
        try second.wait()
    }

    @Test("They fail when there is no handshake")
    func failure() {
        let written = server.channel.writeAndFlush(ByteBuffer(bytes: [1]))
        server.feed(Array("not a handshake".utf8))
        #expect(throws: (any Error).self) { try written.wait() }
    }

    @Test("More than may be kept ends the connection")
    func limit() throws {
        let most = ByteBuffer(repeating: 0, count: TLSHandler.heldLimit)
        let first = server.channel.write(most)
        #expect(server.recorder.failures.isEmpty)
        let second = server.channel.write(ByteBuffer(bytes: [1]))
        #expect(server.recorder.failures.map(\.code) == [.local])
        #expect(server.recorder.isInactive)
        #expect(throws: (any Error).self) { try first.wait() }
        #expect(throws: (any Error).self) { try second.wait() }
    }
}
