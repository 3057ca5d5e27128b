internal import NIOCore
internal import NIOHTTP2
internal import NIOPosix

/// A connection to a server, over which unary calls are made.
///
/// Safe from any thread; calls may run at the same time. It must be closed by whoever opened it.
struct RPCConnection: Sendable {
    private let server: RPCEndpoint
    private let channel: any Channel
    private let streams: NIOHTTP2Handler.StreamMultiplexer
    private let watch: NIOLoopBound<ConnectionWatch>

    /// Connects, and with TLS waits for the end of the handshake.
    ///
    /// - Parameters:
    ///   - server: where to connect to.
    ///   - deadline: when to give up.
    /// - Returns: the connection, ready for calls.
    /// - Throws: why there is none; nothing is left open.
    static func open(
        to server: RPCEndpoint,
        deadline: NIODeadline
    ) async throws(RPCError) -> RPCConnection {
        let tls = try server.tls.map { (tls) throws(RPCError) in
            try ClientTLS(tls, for: server.address)
        }
        do {
            let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(max(.nanoseconds(1), deadline - .now()))
                .connect(to: server.address) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try RPCConnection(over: channel, to: server, tls, deadline: deadline)
                    }
                }
            try await connection.becomeReady()
            return connection
        } catch {
            throw error as? RPCError
                ?? RPCError(.unreachable, "cannot connect to \(server): \(Problem.text(of: error))")
        }
    }

    /// Lays out the pipeline of a new channel, on its event loop.
    private init(
        over channel: any Channel,
        to server: RPCEndpoint,
        _ tls: ClientTLS?,
        deadline: NIODeadline
    ) throws {
        self.server = server
        self.channel = channel
        let loop = channel.eventLoop
        let watch = ConnectionWatch(server, loop.makePromise(), waitsForTLS: tls != nil, deadline)
        self.watch = NIOLoopBound(watch, eventLoop: loop)
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(tls.makeHandler()) }
        try pipeline.addHandler(watch)
        streams = try pipeline.configureHTTP2Pipeline(
            mode: .client,
            connectionConfiguration: .init(),
            streamConfiguration: .init(),
            // Push is off, so there is no stream that the server could open.
            inboundStreamInitializer: { $0.close() }
        )
    }

    private func becomeReady() async throws {
        do {
            try await channel.eventLoop.flatSubmit { watch.value.isReady }.get()
        } catch {
            await close()
            throw error
        }
    }

    /// Makes a call and waits for its end.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - message: what is sent.
    ///   - deadline: when to give up; the server is told how long that is.
    ///   - answerLimit: the largest answer that is taken, in bytes.
    /// - Returns: the message of the answer, when the call's status is OK.
    /// - Throws: why there is none: the server's status, the deadline, a broken connection.
    func call(
        _ path: String,
        _ message: [UInt8],
        deadline: NIODeadline,
        answerLimit: Int
    ) async throws(RPCError) -> [UInt8] {
        let request = UnaryCall.Request(
            path: path,
            endpoint: server,
            message: message,
            deadline: deadline,
            answerLimit: answerLimit
        )
        let answer = channel.eventLoop.makePromise(of: [UInt8].self)
        let stream = streams.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(UnaryCall(request, answer))
            }
        }
        // A stream that could not be made never tells its call so.
        stream.cascadeFailure(to: answer)
        do {
            return try await answer.futureResult.get()
        } catch {
            throw await cause(of: error)
        }
    }

    /// A call that was cut off knows less than the connection, which may have been refused.
    private func cause(of error: any Error) async -> RPCError {
        let problem =
            error as? RPCError ?? RPCError(.unreachable, "\(server): \(Problem.text(of: error))")
        guard problem.code == .unreachable else { return problem }
        let known = try? await channel.eventLoop.submit { watch.value.problem }.get()
        return (known ?? nil) ?? problem
    }

    /// Closes the connection; calls that still run fail.
    func close() async {
        // It may already be closed, which is as good.
        try? await channel.close()
    }
}

extension ClientBootstrap {
    /// Connects over TCP or a Unix socket.
    fileprivate func connect<Output: Sendable>(
        to address: RPCEndpoint.Address,
        _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
    ) async throws -> Output {
        switch address {
        case .tcp(let host, let port):
            try await connect(host: host, port: port, channelInitializer: initialize)
        case .unix(let path):
            try await connect(unixDomainSocketPath: path, channelInitializer: initialize)
        }
    }
}
