internal import Logging
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateGateway
internal import TollgateStore
internal import TollgateTransport

/// The parts of a server, put together: what is behind the listeners.
final class House: Sendable {
    let configuration: ServerConfiguration
    let store: Store
    let engine: Engine
    let registry: KeyRegistry
    let groups: GroupRegistry
    let models: ModelRegistry
    let health = HealthState()
    let services: GatewayServices
    /// The certificates of the rpc listener; nil when it is plain.
    let rpcTLS: TLSContextHolder?
    private let log = Logger(label: "tollgate")

    /// Opens everything that is kept.
    ///
    /// - Throws: in one line, what is wrong and where.
    init(_ configuration: ServerConfiguration) throws(ServerError) {
        self.configuration = configuration
        rpcTLS = try House.openTLS(configuration.rpcTLS)
        try DataDirectory.prepare(configuration.dataDirectory)
        let digester = try House.openDigester(configuration)
        store = try House.openStore(configuration)
        engine = try House.openEngine(configuration, store, digester)
        models = try House.openModels(configuration, store, engine)
        registry = KeyRegistry(engine: engine, groups: store)
        groups = GroupRegistry(
            catalogue: store,
            follower: engine,
            usage: engine,
            zones: engine.zones,
            time: engine.time
        )
        do {
            services = try GatewayServices(
                engine: engine,
                health: health,
                configuration: configuration.gateway,
                waitsForDurability: configuration.durability == .power
            )
        } catch {
            throw ServerError("the program is damaged: its descriptors cannot be read")
        }
    }

    private static func openTLS(
        _ files: ServerConfiguration.TLSFiles?
    ) throws(ServerError) -> TLSContextHolder? {
        guard let files else { return nil }
        do {
            return try TLSContextHolder(
                certificateFile: files.certificate,
                keyFile: files.key,
                clientCAFile: files.clientCA
            )
        } catch {
            throw ServerError(error.message)
        }
    }

    private static func openDigester(
        _ configuration: ServerConfiguration
    ) throws(ServerError) -> SecretDigester {
        do {
            if let text = configuration.pepper {
                return try SecretDigester(try Pepper(text: text))
            }
            let path = configuration.dataDirectory + "/pepper"
            // A new pepper beside an old database would make every key invalid without a word.
            let isNew = !DataDirectory.holdsDatabase(configuration.dataDirectory)
            return try SecretDigester(
                isNew ? try PepperFile.loadOrCreate(at: path) : try PepperFile.load(at: path)
            )
        } catch {
            throw ServerError(error.message)
        }
    }

    private static func openStore(
        _ configuration: ServerConfiguration
    ) throws(ServerError) -> Store {
        var options = StoreOptions()
        options.durability = configuration.durability == .power ? .power : .process
        do {
            return try Store(directory: configuration.dataDirectory, options: options)
        } catch {
            throw ServerError("data directory \(configuration.dataDirectory): \(error.message)")
        }
    }

    private static func openEngine(
        _ configuration: ServerConfiguration,
        _ store: Store,
        _ digester: SecretDigester
    ) throws(ServerError) -> Engine {
        var options = EngineOptions()
        options.activeKeyLimit = configuration.activeKeys
        options.holdAge = Int64(clamping: configuration.holdSeconds) * 1_000_000_000
        let parts = EngineParts(
            catalogue: store,
            groups: store,
            journal: store,
            ledger: store,
            time: SystemTime(after: store.lastTime),
            digester: digester,
            zones: ZoneFiles.catalogue,
            prices: PriceList(models: configuration.models, unpriced: configuration.unpriced)
        )
        do {
            return try Engine(parts, options)
        } catch {
            throw ServerError("data directory \(configuration.dataDirectory): \(error.message)")
        }
    }

    /// Lays the models that administrators have set over those of the configuration.
    private static func openModels(
        _ configuration: ServerConfiguration,
        _ store: Store,
        _ engine: Engine
    ) throws(ServerError) -> ModelRegistry {
        do {
            let models = try ModelRegistry(base: configuration.models, store: store) {
                engine.use($0)
            }
            engine.use(models.catalogue)
            return models
        } catch {
            throw ServerError("the stored models cannot be used: \(error)")
        }
    }

    /// Makes sure that someone can administer: the secret that the operator chose, or at the first
    /// start a new one, which is announced this once.
    func registerAdministrator(announce: (String) -> Void) throws(ServerError) {
        do {
            if let secret = configuration.adminKey {
                if let record = try registry.registerAdministrator(secret: secret) {
                    log.info("administrator registered", metadata: ["key_id": "\(record.id)"])
                }
            } else if let secret = try registry.createFirstAdministrator() {
                announce("tollgate admin-key \(secret)")
            }
        } catch {
            switch error {
            case .invalid(_, let message): throw ServerError("the admin key \(message)")
            default: throw ServerError("the administrator cannot be registered: \(error)")
            }
        }
    }

    /// Reads the files again that may change while the server runs; what is wrong with one is
    /// logged, and what was there stays in force.
    func reload() {
        reloadCertificates()
        guard let file = configuration.modelFile else { return }
        do {
            try models.rebase(on: try ModelFile.read(file))
            log.info("models reloaded")
        } catch {
            log.error("models not reloaded", metadata: ["reason": "\(error)"])
        }
    }

    /// Takes the certificates of the rpc listener anew if their files have changed.
    ///
    /// - Parameter known: a problem that was logged before, and is not again.
    /// - Returns: what is wrong with the files now.
    @discardableResult
    private func reloadCertificates(known: String? = nil) -> String? {
        do {
            if let rpcTLS, try rpcTLS.reload() { log.info("certificates reloaded") }
            return nil
        } catch {
            if error.message != known {
                log.error("certificates not reloaded", metadata: ["reason": "\(error.message)"])
            }
            return error.message
        }
    }

    /// Looks at the certificates' files from time to time, until the task is cancelled.
    func watchCertificates() async {
        guard rpcTLS != nil else { return }
        var problem: String?
        while (try? await Task.sleep(for: House.certificateInterval)) != nil {
            problem = reloadCertificates(known: problem)
        }
    }

    /// Certificates are renewed days before they end; this is about the operator's patience.
    private static let certificateInterval = Duration.seconds(5)

    /// Closes what is kept; everything recorded is on disk afterwards.
    func close() {
        store.close()
    }
}
