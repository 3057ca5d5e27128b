internal import Foundation
internal import HTTP2Testing
internal import NIOCore
internal import NIOPosix
internal import Testing
internal import TollgateTransport

@Suite("A server on real sockets")
struct RPCServerTests {
    private static func server(_ threads: Int = 2) -> RPCServer {
        var configuration = TransportConfiguration()
        configuration.threads = threads
        return RPCServer(
            configuration: configuration,
            methods: testMethods,
            makeService: { RecordingService($0) }
        )
    }

    private static func client(_ address: ListenAddress) async throws -> RawClient {
        let client = try await RawClient.connect(.singleton) { bootstrap in
            switch address.kind {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        }
        try await client.send(RawFrames.opening() + RawFrames.settingsAck)
        return client
    }

    @Test("Thousands of calls over several connections are each answered with their own message")
    func manyCalls() async throws {
        let server = Self.server()
        let address = try await server.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        let streams = 1000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let client = try await Self.client(address)
                    var bytes: [UInt8] = []
                    for index in 0..<streams {
                        let message = Array("\(number)/\(index)".utf8)
                        bytes += RawFrames.unary(2 * index + 1, message)
                    }
                    try await client.send(bytes)
                    let frames = try await client.frames(untilEnded: streams)
                    var bodies: [Int: [UInt8]] = [:]
                    for frame in frames where frame.isKind(.data) {
                        bodies[frame.stream, default: []] += frame.payload
                    }
                    for index in 0..<streams {
                        let expected = RawFrames.message(Array("\(number)/\(index)".utf8))
                        #expect(bodies[2 * index + 1] == expected)
                    }
                    #expect(frames.filter { $0.fields["grpc-status"] == "0" }.count == streams)
                    try await client.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(server.statistics.calls == 8 * streams)
        await server.stop()
    }

    @Test("A client that ends its half gets the answers to what it has asked")
    func halfClosure() async throws {
        let server = Self.server(1)
        let address = try await server.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        let client = try await Self.client(address)
        try await client.send((0..<100).flatMap { RawFrames.unary(2 * $0 + 1) })
        try await client.endInput()
        let frames = try await client.frames(untilEnded: 100)
        #expect(frames.filter { $0.fields["grpc-status"] == "0" }.count == 100)
        #expect(try await client.isClosed)
        await server.stop()
    }

    @Test("IPv6 and names are listened on")
    func addresses() async throws {
        for text in ["[::1]:0", "localhost:0"] {
            let server = Self.server(1)
            let address = try await server.start(on: ListenAddress(parsing: text))
            let client = try await Self.client(address)
            try await client.send(RawFrames.unary(1))
            #expect(try await client.frames(untilEnded: 1).status(1) == "0")
            await server.stop()
        }
    }

    @Test("A Unix socket is for owner and group, and its file is replaced only when it is stale")
    func unixSocket() async throws {
        let path = "/tmp/tollgate-\(UUID().uuidString.prefix(8)).sock"
        defer { unlink(path) }
        let address = ListenAddress(.unix(path: path))
        // A socket that nobody listens on any more.
        try Self.leaveSocket(path)
        #expect(FileManager.default.fileExists(atPath: path))
        let server = Self.server(1)
        #expect(try await server.start(on: address) == address)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o660)
        let client = try await Self.client(address)
        try await client.send(RawFrames.unary(1))
        #expect(try await client.frames(untilEnded: 1).status(1) == "0")
        let second = Self.server(1)
        await #expect(throws: TransportError.self) { try await second.start(on: address) }
        await second.stop()
        try await client.send(RawFrames.unary(3))
        #expect(try await client.frames(untilEnded: 2).status(3) == "0")
        await server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// Binds a socket and goes, as a process does that is killed.
    private static func leaveSocket(_ path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    @Test("A file that is no socket is left alone")
    func foreignFile() async throws {
        let path = "/tmp/tollgate-\(UUID().uuidString.prefix(8)).txt"
        defer { unlink(path) }
        try Data("keep".utf8).write(to: URL(filePath: path))
        let server = Self.server(1)
        await #expect(throws: TransportError.self) {
            try await server.start(on: ListenAddress(.unix(path: path)))
        }
        #expect(try String(contentsOf: URL(filePath: path), encoding: .utf8) == "keep")
        await server.stop()
    }

    @Test("Draining closes the listener, tells the clients, and ends when they have gone")
    func drain() async throws {
        let server = Self.server(1)
        let address = try await server.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        let client = try await Self.client(address)
        try await client.send(RawFrames.unary(1))
        _ = try await client.frames(untilEnded: 1)
        async let drained: Void = server.drain(within: .seconds(30))
        #expect(try await client.isClosed)
        await drained
        #expect(server.statistics.connectionsOpen == 0)
        await #expect(throws: (any Error).self) { _ = try await Self.client(address) }
        await #expect(throws: TransportError.self) {
            try await server.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        }
        await server.stop()
    }

    @Test("Stopping closes connections in the middle of calls")
    func stop() async throws {
        let server = Self.server(2)
        let address = try await server.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        let client = try await Self.client(address)
        try await client.send(RawFrames.headers(1, RawFrames.fields("/test.Echo/Stream")))
        try await client.send(RawFrames.ping())
        await server.stop()
        await server.stop()
        #expect(try await client.isClosed)
    }

    @Test("An address in use and a number out of range are errors that say so")
    func errors() async throws {
        let first = Self.server(1)
        let address = try await first.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        let second = Self.server(1)
        await #expect { try await second.start(on: address) } throws: {
            ($0 as? TransportError)?.code == .bind
        }
        var configuration = TransportConfiguration()
        configuration.maximumMessageBytes = 0
        let third = RPCServer(
            configuration: configuration,
            methods: testMethods,
            makeService: { RecordingService($0) }
        )
        await #expect {
            try await third.start(on: ListenAddress(parsing: "127.0.0.1:0"))
        } throws: {
            ($0 as? TransportError)?.code == .configuration
        }
        for server in [first, second, third] { await server.stop() }
    }
}
