import ArgumentParser
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Testing

@testable import tollgate

@Suite("Asking a server, over a real connection")
struct CheckClientTests {
    @Test("The answer of a server on a Unix socket is the client's")
    func unixSocket() async throws {
        try await withServer(answering: [0x08, 0x01, 0x20, 0xC8, 0x01]) { address in
            let endpoint = RPCEndpoint(address: address)
            let client = RPCCheckClient(server: endpoint, timeout: .seconds(60))
            let answer = try await client.answer(to: CheckQuestion())
            #expect(answer.isAllowed)
            #expect(answer.httpStatus == 200)
        }
    }

    @Test("Calls on one connection do not get in each other's way")
    func manyCalls() async throws {
        try await withServer(answering: [0x08, 0x01]) { address in
            let connection = try await RPCConnection.open(
                to: RPCEndpoint(address: address),
                deadline: .now() + .seconds(60)
            )
            try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await connection.call(
                            "/a.B/C",
                            [],
                            deadline: .now() + .seconds(60),
                            answerLimit: 100
                        )
                    }
                }
                for try await answer in group { #expect(answer == [0x08, 0x01]) }
            }
            await connection.close()
        }
    }

    @Test("Where nobody listens, the server is unreachable")
    func refused() async throws {
        let client = RPCCheckClient(
            server: RPCEndpoint(address: .unix(path: "/nonexistent/socket"))
        )
        let error = await #expect(throws: RPCError.self) {
            try await client.answer(to: CheckQuestion())
        }
        #expect(error?.code == .unreachable)
    }

    @Test("Files for TLS that cannot be read are named")
    func badFiles() async throws {
        var endpoint = try RPCEndpoint(parsing: "https://localhost:1")
        endpoint.tls?.authorities = "/nonexistent/ca.pem"
        let client = RPCCheckClient(server: endpoint)
        let error = await #expect(throws: RPCError.self) {
            try await client.answer(to: CheckQuestion())
        }
        #expect(error?.code == .unusable)
        #expect(error?.message.contains("/nonexistent/ca.pem") == true)
    }

    @Test("An address that cannot be is a mistake in the command line, silence is a failure")
    func failures() async throws {
        let usage = #expect(throws: CommandFailure.self) {
            try makeCheckClient(address: "a b", tls: TLSFiles())
        }
        #expect(usage?.exitCode == 2)
        let client = try makeCheckClient(address: "unix:/nonexistent/socket", tls: TLSFiles())
        let failure = await #expect(throws: CommandFailure.self) {
            try await client.check(CheckQuestion())
        }
        #expect(failure?.exitCode == 1)
    }

    @Test("The certificates for TLS are those that are named, and none without TLS")
    func certificates() throws {
        let variables = [
            "TOLLGATE_CA_CERT": "ca", "TOLLGATE_CLIENT_CERT": "cert", "TOLLGATE_CLIENT_KEY": "key",
        ]
        let options = try CheckOptions.parse(["--client-cert", "mine"])
        let tls = options.tls.files(variables)
        #expect(tls == TLSFiles(authorities: "ca", certificate: "mine", key: "key"))
        let empty = variables.mapValues { _ in "" }
        #expect(try CheckOptions.parse([]).tls.files(empty) == TLSFiles())
        let secure = try makeCheckClient(address: "https://gate", tls: tls)
        #expect((secure as? RPCCheckClient)?.server.tls == tls)
        let plain = try makeCheckClient(address: "gate", tls: tls)
        #expect((plain as? RPCCheckClient)?.server.tls == nil)
    }

    /// Runs a body with a server that gives every call the same answer.
    private func withServer(
        answering message: [UInt8],
        _ body: (RPCEndpoint.Address) async throws -> Void
    ) async throws {
        let path = "/tmp/tollgate-\(UUID().uuidString).sock"
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.configureHTTP2Pipeline(
                    mode: .server,
                    connectionConfiguration: .init(),
                    streamConfiguration: .init()
                ) { stream in
                    stream.eventLoop.makeCompletedFuture {
                        try stream.pipeline.syncOperations.addHandler(Answering(message))
                    }
                }
                .map { _ in }
            }
            .bind(unixDomainSocketPath: path)
            .get()
        do {
            try await body(.unix(path: path))
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
        _ = unlink(path)
    }
}

/// Answers a question, when all of it is there, with a message and status OK.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let message: [UInt8]

    init(_ message: [UInt8]) {
        self.message = message
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .data(let question) = unwrapInboundIn(data), question.endStream else { return }
        func write(_ fields: [(String, String)], isLast: Bool) {
            let headers = HTTP2Frame.FramePayload.Headers(
                headers: HPACKHeaders(fields),
                endStream: isLast
            )
            context.write(wrapOutboundOut(.headers(headers)), promise: nil)
        }
        write([(":status", "200"), ("content-type", "application/grpc")], isLast: false)
        let prefix = [0, 0, 0, 0, UInt8(message.count)]
        let answer = ByteBuffer(bytes: prefix + message)
        context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(answer)))), promise: nil)
        write([("grpc-status", "0")], isLast: true)
        context.flush()
    }
}
