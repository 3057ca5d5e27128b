internal import Logging
internal import TollgateAdmin
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
    let suppliers: SupplierRegistry
    /// Webhooks, and what sending notices to them needs.
    let notices: NoticeOffice
    /// Webhooks as both listeners offer them.
    let webhooks: WebhookServices
    let health = HealthState()
    /// Where checkpoints of the audit trail go, and what signs them; nil when nowhere.
    let checkpoints: (sink: any CheckpointSink, key: SigningKey)?
    let reloads = ReloadTally()
    /// What was answered to requests of administrators that may be repeated, by either listener.
    let answers = AnswerMemory()
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
        let (digester, box) = try House.openPepper(configuration)
        checkpoints = try House.openCheckpoints(configuration)
        store = try House.openStore(configuration)
        engine = try House.openEngine(configuration, store, digester)
        models = try House.openModels(configuration, store, engine)
        suppliers = try House.openSuppliers(store, box, engine)
        let secrets = WebhookSecretBox(box)
        registry = KeyRegistry(engine: engine, groups: store, actions: engine, secrets: secrets)
        notices = NoticeOffice(
            store: store,
            engine: engine,
            registry: registry,
            webhooks: try House.openWebhooks(store, secrets, engine),
            secrets: secrets,
            client: WebhookClient(allowsPrivate: configuration.allowsPrivateWebhooks),
            tally: NoticeTally()
        )
        let tester = WebhookTester(notices)
        webhooks = WebhookServices(
            registry: notices.webhooks,
            notices: store,
            test: { tester.test($0) }
        )
        groups = GroupRegistry(
            catalogue: store,
            follower: engine,
            usage: engine,
            zones: engine.zones,
            time: engine.time,
            actions: engine
        )
        var managed = AdminServices(
            registry: registry,
            groups: groups,
            models: models,
            suppliers: suppliers,
            auditLog: store,
            engine: engine,
            time: engine.time,
            version: Version.current,
            // Neither is asked for over rpc.
            metrics: { [] },
            readiness: { Readiness() },
            answers: answers,
            telling: House.telling(configuration.gateway)
        )
        managed.webhooks = webhooks
        do {
            services = try GatewayServices(
                engine: engine,
                health: health,
                configuration: configuration.gateway,
                waitsForDurability: configuration.durability == .power,
                management: try ManagementFace(
                    ManagementAPI(managed, identities: configuration.managementIdentities)
                ),
                decisionLog: DecisionLogger(configuration)
            )
        } catch {
            throw ServerError("the program is damaged: its descriptors cannot be read")
        }
    }

    /// What clients are told of a decision, as the gateway tells them.
    static func telling(
        _ configuration: GatewayConfiguration
    ) -> @Sendable (Simulation) -> ClientAnswer {
        { simulation in
            let (status, message) = DecisionSentence.text(
                simulation.verdict,
                simulation.limits,
                configuration,
                simulation.contentRules
            )
            return ClientAnswer(status: status, message: message)
        }
    }

    /// The certificates of the rpc listener; nil when it is plain.
    ///
    /// - Throws: what is wrong with the files.
    static func openTLS(
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

    /// What depends on the pepper: the digests of keys, and the box for credentials.
    private static func openPepper(
        _ configuration: ServerConfiguration
    ) throws(ServerError) -> (SecretDigester, SecretBox) {
        do {
            if let text = configuration.pepper { return try parts(of: try Pepper(text: text)) }
            let path = configuration.pepperFile
            // A new pepper beside an old database would make every key invalid without a word.
            let isNew = !DataDirectory.holdsDatabase(configuration.dataDirectory)
            return try parts(
                of: isNew ? try PepperFile.loadOrCreate(at: path) : try PepperFile.load(at: path)
            )
        } catch {
            throw ServerError(error.message)
        }
    }

    /// The name of the file with the key that signs checkpoints, in the data directory.
    static let signingKeyName = "signing-key"

    private static func openCheckpoints(
        _ configuration: ServerConfiguration
    ) throws(ServerError) -> (sink: any CheckpointSink, key: SigningKey)? {
        let key: SigningKey
        do {
            let path = configuration.dataDirectory + "/" + signingKeyName
            key = try SigningKey(loadingOrCreating: path)
        } catch {
            throw ServerError(error.message)
        }
        guard let place = configuration.auditCheckpoints else { return nil }
        return (try place.open(), key)
    }

    private static func parts(
        of pepper: consuming Pepper
    ) throws(CryptoError) -> (SecretDigester, SecretBox) {
        let box = try SecretBox(pepper)
        return (try SecretDigester(pepper), box)
    }

    private static func openSuppliers(
        _ store: Store,
        _ box: SecretBox,
        _ engine: Engine
    ) throws(ServerError) -> SupplierRegistry {
        do {
            let suppliers = try SupplierRegistry(
                store: store,
                box: box,
                time: engine.time,
                actions: engine
            ) {
                engine.use($0)
            }
            engine.use(suppliers.catalogue)
            if !suppliers.unreadable.isEmpty {
                Logger(label: "tollgate").error(
                    "credentials of suppliers cannot be read; the pepper is not theirs",
                    metadata: ["suppliers": "\(suppliers.unreadable.joined(separator: ", "))"]
                )
            }
            return suppliers
        } catch {
            throw ServerError("the stored suppliers cannot be used: \(error)")
        }
    }

    private static func openWebhooks(
        _ store: Store,
        _ secrets: WebhookSecretBox,
        _ engine: Engine
    ) throws(ServerError) -> WebhookRegistry {
        do {
            return try WebhookRegistry(
                store: store,
                groups: store,
                box: secrets,
                time: engine.time,
                actions: engine
            )
        } catch {
            throw ServerError("the stored webhooks cannot be used: \(error)")
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
            let models = try ModelRegistry(
                base: configuration.models,
                store: store,
                actions: engine
            ) {
                engine.use($0)
            }
            engine.use(models.catalogue)
            return models
        } catch {
            throw ServerError("the stored models cannot be used: \(error)")
        }
    }

    /// Makes sure that the secret that the operator chose, if any, is an administrator's.
    func registerAdministrator() throws(ServerError) {
        guard let secret = configuration.adminKey else { return }
        try register(secret)
    }

    /// Makes the first administrator of a store without keys, which is announced this once.
    ///
    /// To be called when nothing else can stop the start: nobody sees the key of one that failed.
    ///
    /// - Throws: also when the key cannot be announced; then there is no such key, and the next start
    ///   makes another.
    func createFirstAdministrator(announce: (String) throws -> Void) throws(ServerError) {
        let secret = try administer { () throws(RegistryError) -> String? in
            try registry.firstAdministratorSecret()
        }
        guard let secret else { return }
        do {
            try announce("tollgate admin-key \(secret)")
        } catch {
            throw ServerError(
                "the first administrator's key cannot be shown, so none was made: \(error)"
            )
        }
        try register(secret)
    }

    private func register(_ secret: String) throws(ServerError) {
        try administer { () throws(RegistryError) -> Void in
            guard let record = try registry.registerAdministrator(secret: secret) else { return }
            log.info("administrator registered", metadata: ["key_id": "\(record.id)"])
        }
    }

    private func administer<Value>(
        _ body: () throws(RegistryError) -> Value
    ) throws(ServerError) -> Value {
        do {
            return try body()
        } catch {
            throw ServerError("the administrator cannot be registered: \(error)")
        }
    }

    /// Reads the files again that may change while the server runs; what is wrong with one is
    /// logged, and what was there stays in force.
    func reload() {
        reloadCertificates()
        guard let file = configuration.modelFile else { return }
        do {
            try models.rebase(on: try ModelFile.read(file))
            reloads.count(.models, succeeded: true)
            log.info("models reloaded")
        } catch {
            reloads.count(.models, succeeded: false)
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
            if let rpcTLS, try rpcTLS.reload() {
                reloads.count(.certificates, succeeded: true)
                log.info("certificates reloaded")
            }
            return nil
        } catch {
            if error.message != known {
                reloads.count(.certificates, succeeded: false)
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

    /// Records what strangers were told since the last minute: nobody asks any more.
    func recordStrangers() {
        do {
            try engine.recordAllStrangers()
        } catch {
            log.error("not everything is recorded", metadata: ["reason": "\(error)"])
        }
    }

    /// Closes what is kept; everything recorded is on disk afterwards.
    func close() {
        store.close()
    }
}
