internal import Logging
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTransport

/// How each part is opened; what cannot be is said in one line, with its place.
extension House {
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
    static func openPepper(
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

    static func openCheckpoints(
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

    static func openSuppliers(
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

    static func openWebhooks(
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

    static func openStore(
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

    static func openEngine(
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
    static func openModels(
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
}
