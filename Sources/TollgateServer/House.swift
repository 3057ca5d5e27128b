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
    /// What administrators ask, as both listeners offer it.
    let administration: AdminServices
    let health = HealthState()
    /// Where checkpoints of the audit trail go, and what signs them; nil when nowhere.
    let checkpoints: (sink: any CheckpointSink, key: SigningKey)?
    let reloads = ReloadTally()
    let services: GatewayServices
    /// The certificates of the rpc listener; nil when it is plain.
    let rpcTLS: TLSContextHolder?
    let log = Logger(label: "tollgate")

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
        groups = GroupRegistry(
            catalogue: store,
            follower: engine,
            usage: engine,
            zones: engine.zones,
            time: engine.time,
            actions: engine
        )
        var administration = AdminServices(
            registry: registry,
            groups: groups,
            models: models,
            suppliers: suppliers,
            auditLog: store,
            engine: engine,
            time: engine.time,
            version: Version.current,
            telling: House.clientAnswer(configuration.gateway)
        )
        administration.webhooks = WebhookServices(
            registry: notices.webhooks,
            notices: store,
            test: { tester.test($0) }
        )
        self.administration = administration
        do {
            services = try GatewayServices(
                engine: engine,
                health: health,
                configuration: configuration.gateway,
                waitsForDurability: configuration.durability == .power,
                management: try ManagementFace(
                    ManagementAPI(administration, identities: configuration.managementIdentities)
                ),
                decisionLog: DecisionLogger(configuration)
            )
        } catch {
            throw ServerError("the program is damaged: its descriptors cannot be read")
        }
    }

    /// What clients are told of a decision, as the gateway tells them.
    static func clientAnswer(
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
