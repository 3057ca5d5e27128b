internal import Logging
internal import ServiceLifecycle
internal import TollgateAdmin
internal import TollgateEngine
internal import TollgateGateway
internal import TollgateStore
internal import TollgateTransport

/// The http listener of a house: management, metrics and health.
final class HTTPListener: Sendable {
    /// Where it listens, with its real port.
    let address: String
    private let place: ListenAddress
    private let group: ServiceGroup
    private let run: Task<ServerError?, Never>

    private init(
        address: String,
        place: ListenAddress,
        group: ServiceGroup,
        run: Task<ServerError?, Never>
    ) {
        self.address = address
        self.place = place
        self.group = group
        self.run = run
    }

    /// Starts to listen.
    ///
    /// - Throws: when the address cannot be listened on or the certificate not be used.
    static func start(_ house: House, rpc: RPCServer) async throws(ServerError) -> HTTPListener {
        let place = house.configuration.httpAddress
        // Hummingbird would take away a socket on which somebody listens.
        if case .unix(let path) = place.kind, !UnixSocketFile.removeStale(path) {
            throw ServerError("http listener on \(place): the address is in use")
        }
        let (bound, announceBound) = AsyncStream.makeStream(of: String.self)
        let group = try serviceGroup(house, rpc) { announceBound.yield($0) }
        let run = Task { () -> ServerError? in
            defer { announceBound.finish() }
            do {
                try await group.run()
                return nil
            } catch {
                return ServerError("http listener on \(place): \(error)")
            }
        }
        for await address in bound {
            let listener = HTTPListener(address: address, place: place, group: group, run: run)
            try await listener.restrict()
            return listener
        }
        throw await run.value ?? ServerError("http listener: ended before it was ready")
    }

    private static func serviceGroup(
        _ house: House,
        _ rpc: RPCServer,
        onListening: @escaping @Sendable (String) -> Void
    ) throws(ServerError) -> ServiceGroup {
        let logger = Logger(label: "tollgate.http")
        let application: any Service
        do {
            application = try makeAdminApplication(
                services: house.adminServices(rpc: rpc),
                configuration: house.configuration.admin,
                logger: logger,
                onListening: onListening
            )
        } catch {
            throw ServerError("http listener: \(error)")
        }
        var configuration = ServiceGroupConfiguration(
            services: [application],
            logger: logger
        )
        // An answer that nobody reads has no end of its own.
        configuration.maximumGracefulShutdownDuration = Server.drainLimit
        return ServiceGroup(configuration: configuration)
    }

    /// Lets owner and group alone connect to a Unix socket, as on the rpc listener.
    private func restrict() async throws(ServerError) {
        guard case .unix(let path) = place.kind, !UnixSocketFile.restrict(path) else { return }
        await stop()
        throw ServerError("http listener on \(place): cannot set the mode of the socket")
    }

    /// Waits until the listener has ended; returns why, unless it was asked to.
    func failure() async -> ServerError? {
        await run.value
    }

    /// Ends it: open requests are answered, for `Server.drainLimit` at most, then connections close.
    func stop() async {
        await group.triggerGracefulShutdown()
        _ = await run.value
        if case .unix(let path) = place.kind { UnixSocketFile.removeStale(path) }
    }
}

extension House {
    /// What the management listener works with: besides administration, what machines ask.
    func adminServices(rpc: RPCServer) -> AdminServices {
        let (engine, health, store, reloads) = (engine, health, store, reloads)
        let tally = notices.tally
        var services = administration
        services.metrics = {
            TransportMetrics.families(rpc.statistics) + JournalMetrics.families(store.statistics)
                + StoreMetrics.families(store.sizes, isWritable: store.isWritable)
                + [reloads.family] + tally.families
        }
        services.readiness = {
            var obstacles: [String] = []
            if health.status != .serving { obstacles.append(Readiness.stopping) }
            if !engine.isReady { obstacles.append("journal") }
            if !store.isWritable { obstacles.append("store") }
            return Readiness(obstacles: obstacles)
        }
        services.backups = HouseBackups(
            store: store,
            pepperFile: configuration.pepper == nil ? configuration.pepperFile : nil
        )
        return services
    }
}

extension ServerConfiguration {
    /// The management listener's part.
    var admin: AdminConfiguration {
        let address: AdminConfiguration.Address =
            switch httpAddress.kind {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        return AdminConfiguration(
            address: address,
            tls: httpTLS.map {
                AdminConfiguration.TLS(
                    certificatePath: $0.certificate,
                    keyPath: $0.key,
                    clientAuthorityPath: $0.clientCA
                )
            }
        )
    }
}
