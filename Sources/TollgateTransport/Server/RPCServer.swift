internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Event loops, listeners, and the way they end.
///
/// `start` may be called for several addresses; `drain` and `stop` end all of them. A server that
/// was stopped stays stopped.
package final class RPCServer: Sendable {
    private let configuration: TransportConfiguration
    private let methods: MethodTable
    private let makeService: @Sendable (RPCLoop) -> any LoopService
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var phase = Phase.idle
        var loops: [RPCLoop] = []
        var listeners: [Listener] = []
    }

    /// A listening socket, and the file that goes with it.
    private struct Listener {
        let channel: any Channel
        let address: ListenAddress
    }

    private enum Phase {
        case idle
        case serving
        case draining
        case stopped
    }

    /// Makes a server; its threads start, nothing listens.
    ///
    /// - Parameters:
    ///   - configuration: checked by `start`.
    ///   - methods: what can be called.
    ///   - makeService: makes the service of one loop; called once for each, on its thread.
    package init(
        configuration: TransportConfiguration,
        methods: MethodTable,
        makeService: @escaping @Sendable (RPCLoop) -> any LoopService
    ) {
        self.configuration = configuration
        self.methods = methods
        self.makeService = makeService
        let threads = min(max(1, configuration.threads), 1024)
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    }

    /// Listens on an address and serves.
    ///
    /// - Parameters:
    ///   - address: where.
    ///   - tls: what connections are encrypted with; nil for plain text.
    /// - Returns: the address that is listened on, with its real port.
    /// - Throws: `TransportError` when the configuration or the address cannot be used.
    package func start(
        on address: ListenAddress,
        tls: TLSContextHolder? = nil
    ) async throws(TransportError) -> ListenAddress {
        try configuration.validate()
        let loops = try await readyLoops()
        let channel = try await bind(address, loops, tls)
        let isServing = state.withLock { state in
            if state.phase == .serving {
                state.listeners.append(Listener(channel: channel, address: address))
            }
            return state.phase == .serving
        }
        guard isServing else {
            channel.close(promise: nil)
            throw TransportError(code: .state, message: "the server was stopped")
        }
        if case .unix(let path) = address.kind, !UnixSocketFile.restrict(path) {
            throw TransportError(code: .bind, message: "cannot set the mode of \(path)")
        }
        guard case .tcp(let host, _) = address.kind, let port = channel.localAddress?.port else {
            return address
        }
        return ListenAddress(.tcp(host: host, port: port))
    }

    /// The loops, made by the first call, each on its own thread.
    private func readyLoops() async throws(TransportError) -> [RPCLoop] {
        let (phase, existing) = state.withLock { ($0.phase, $0.loops) }
        switch phase {
        case .serving: return existing
        case .draining, .stopped:
            throw TransportError(code: .state, message: "the server was stopped")
        case .idle: break
        }
        var made: [RPCLoop] = []
        var share = configuration
        let threads = max(1, configuration.threads)
        share.maximumConnections = (configuration.maximumConnections + threads - 1) / threads
        for (index, eventLoop) in zip(0..., group.makeIterator()) {
            made.append(try await makeLoop(eventLoop, index, share))
        }
        return try state.withLock { state throws(TransportError) in
            guard state.phase == .idle else {
                throw TransportError(code: .state, message: "the server is being started already")
            }
            state.phase = .serving
            state.loops = made
            return made
        }
    }

    private func makeLoop(
        _ eventLoop: any EventLoop,
        _ index: Int,
        _ configuration: TransportConfiguration
    ) async throws(TransportError) -> RPCLoop {
        let methods = methods
        let makeService = makeService
        do {
            return try await eventLoop.submit {
                try RPCLoop(
                    eventLoop: eventLoop,
                    index: index,
                    configuration: configuration,
                    methods: methods,
                    makeService: makeService
                )
            }.get()
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(code: .state, message: "\(error)")
        }
    }

    private func bind(
        _ address: ListenAddress,
        _ loops: [RPCLoop],
        _ tls: TLSContextHolder?
    ) async throws(TransportError) -> any Channel {
        let bootstrap = RPCServer.bootstrap(group, loops, tls)
        do {
            switch address.kind {
            case .tcp(let host, let port):
                return
                    try await bootstrap
                    .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
                    .bind(host: host, port: port).get()
            case .unix(let path):
                UnixSocketFile.removeStale(path)
                return try await bootstrap.bind(unixDomainSocketPath: path).get()
            }
        } catch {
            throw TransportError(code: .bind, message: "cannot listen on \(address): \(error)")
        }
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup,
        _ loops: [RPCLoop],
        _ tls: TLSContextHolder?
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.backlog, value: 4096)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            // Without descriptors accepting fails at once, again and again: it waits instead.
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop })
                    else { preconditionFailure("every event loop of the group has a loop") }
                    try loop.adopt(channel, tls: tls)
                }
            }
            // Who has sent everything may say so, and still gets its answers.
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            // A budget for each connection and tick: 4 reads of at most 64 KiB.
            .childChannelOption(ChannelOptions.maxMessagesPerRead, value: 4)
            .childChannelOption(
                ChannelOptions.recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1024,
                    initial: 8192,
                    maximum: 64 << 10
                )
            )
    }

    /// Stops listening, asks every client to leave, and waits for open calls.
    ///
    /// - Parameter limit: the longest it takes.
    package func drain(within limit: Duration) async {
        let (loops, listeners) = state.withLock { state in
            let listeners = state.listeners
            state.listeners = []
            if state.phase == .serving { state.phase = .draining }
            return (state.loops, listeners)
        }
        await RPCServer.close(listeners)
        await withTaskGroup(of: Void.self) { group in
            for loop in loops {
                let promise = loop.eventLoop.makePromise(of: Void.self)
                loop.execute { loop.drain(within: limit, promise) }
                group.addTask { try? await promise.futureResult.get() }
            }
        }
    }

    /// Closes everything and ends the threads.
    package func stop() async {
        let (phase, loops, listeners) = state.withLock { state in
            defer { state = State(phase: .stopped) }
            return (state.phase, state.loops, state.listeners)
        }
        guard phase != .stopped else { return }
        await RPCServer.close(listeners)
        for loop in loops {
            // Closing a channel ends in tasks of its loop, which run before the service goes.
            try? await loop.eventLoop.submit { loop.stop() }.get()
            try? await loop.eventLoop.submit { loop.retire() }.get()
        }
        try? await group.shutdownGracefully()
    }

    private static func close(_ listeners: [Listener]) async {
        for listener in listeners {
            try? await listener.channel.close()
            if case .unix(let path) = listener.address.kind { UnixSocketFile.removeStale(path) }
        }
    }

    /// What all loops counted, read without stopping them.
    package var statistics: TransportStatistics {
        let loops = state.withLock { $0.loops }
        var sum = TransportStatistics()
        for loop in loops { loop.state.counters.add(to: &sum) }
        return sum
    }
}
