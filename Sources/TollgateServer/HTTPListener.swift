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
    private let group: ServiceGroup
    private let run: Task<ServerError?, Never>

    private init(address: String, group: ServiceGroup, run: Task<ServerError?, Never>) {
        self.address = address
        self.group = group
        self.run = run
    }

    /// Starts to listen.
    ///
    /// - Throws: when the address cannot be listened on or the certificate not be used.
    static func start(_ house: House, rpc: RPCServer) async throws(ServerError) -> HTTPListener {
        let (bound, announceBound) = AsyncStream.makeStream(of: String.self)
        let application: any Service
        do {
            application = try makeAdminApplication(
                services: house.adminServices(rpc: rpc),
                configuration: house.configuration.admin,
                logger: Logger(label: "tollgate.http"),
                onListening: { address in announceBound.yield(address) }
            )
        } catch {
            throw ServerError("http listener: \(error)")
        }
        let group = ServiceGroup(services: [application], logger: Logger(label: "tollgate.http"))
        let place = house.configuration.httpAddress
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
            return HTTPListener(address: address, group: group, run: run)
        }
        throw await run.value ?? ServerError("http listener: ended before it was ready")
    }

    /// Waits until the listener has ended; returns why, unless it was asked to.
    func failure() async -> ServerError? {
        await run.value
    }

    /// Ends it: open requests are answered, then connections close.
    func stop() async {
        await group.triggerGracefulShutdown()
        _ = await run.value
    }
}

extension House {
    /// What the management listener works with.
    func adminServices(rpc: RPCServer) -> AdminServices {
        let engine = engine
        let health = health
        let store = store
        let reloads = reloads
        let tally = notices.tally
        var services = AdminServices(
            registry: registry,
            groups: groups,
            models: models,
            suppliers: suppliers,
            auditLog: store,
            engine: engine,
            time: engine.time,
            version: Version.current,
            metrics: {
                TransportMetrics.families(rpc.statistics)
                    + JournalMetrics.families(store.statistics)
                    + StoreMetrics.families(store.sizes, isWritable: store.isWritable)
                    + [reloads.family] + tally.families
            },
            readiness: {
                var obstacles: [String] = []
                if health.status != .serving { obstacles.append(Readiness.stopping) }
                if !engine.isReady { obstacles.append("journal") }
                if !store.isWritable { obstacles.append("store") }
                return Readiness(obstacles: obstacles)
            },
            answers: answers,
            telling: House.telling(configuration.gateway)
        )
        services.webhooks = webhooks
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
