internal import Synchronization
package import TollgateCore

/// The models that decisions go by: a catalogue that came with the program or from a file, and over
/// it what an administrator has set.
///
/// Safe from any thread. Reading `catalogue` never waits for the disk; all else may, and is never
/// called on an event loop.
package final class ModelRegistry: RecordingRegistry {
    private let store: any ModelStore
    let actions: any ActionLog
    private let state: Mutex<State>
    private let changing = Mutex(())
    private let onChange: @Sendable (ModelCatalogue) -> Void

    private struct State {
        var base: ModelCatalogue
        /// By the small letters of their ids.
        var stored: [String: StoredModel]
        var catalogue: ModelCatalogue
        var version: UInt64

        init(base: ModelCatalogue, stored: [String: StoredModel], catalogue: ModelCatalogue) {
            self.base = base
            self.stored = stored
            self.catalogue = catalogue
            version = catalogue.contentHash
        }
    }

    /// The most other names and suppliers of one model.
    private static let nameCountLimit = 64

    /// Lays what is stored over a catalogue.
    ///
    /// - Parameters:
    ///   - base: the catalogue of the program or of a file.
    ///   - store: where models are kept.
    ///   - actions: where it is recorded what was done.
    ///   - onChange: called with each new catalogue, one after another.
    /// - Throws: `.unavailable` when the store cannot be read, `.invalid` when base and store
    ///   together have too many models.
    package init(
        base: ModelCatalogue,
        store: any ModelStore,
        actions: any ActionLog,
        onChange: @escaping @Sendable (ModelCatalogue) -> Void = { _ in }
    ) throws(RegistryError) {
        self.store = store
        self.actions = actions
        self.onChange = onChange
        var stored: [String: StoredModel] = [:]
        do {
            for model in try store.storedModels() { stored[ModelRegistry.key(model.id)] = model }
        } catch {
            throw .unavailable
        }
        let catalogue = try ModelRegistry.merge(base, stored)
        state = Mutex(State(base: base, stored: stored, catalogue: catalogue))
    }

    /// The models as they are now; never changes, a new one takes its place.
    package var catalogue: ModelCatalogue { state.withLock { $0.catalogue } }

    /// Tells one content of the catalogue from another.
    package var version: UInt64 { state.withLock { $0.version } }

    /// Adds models, or replaces those of the same ids; all or none.
    ///
    /// - Parameters:
    ///   - models: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - actor: who does it.
    /// - Throws: `.invalid` with the field of the first that cannot be, `.changedMeanwhile`,
    ///   `.unavailable` or `.unrecorded`.
    package func put(
        _ models: [Model],
        version: UInt64? = nil,
        by actor: Principal? = nil
    ) throws(RegistryError) {
        var ids: Set<String> = []
        for (index, model) in models.enumerated() {
            try ModelRegistry.check(model, at: "models[\(index)]")
            guard ids.insert(ModelRegistry.key(model.id)).inserted else {
                throw .invalid(field: "models[\(index)].id", "is there twice")
            }
        }
        try save(models.map { .model($0) }, version, "models.updated", actor)
    }

    /// Takes a model out, one of the program's or of a file's as well.
    ///
    /// - Parameters:
    ///   - id: which, without regard to case.
    ///   - version: the version of the catalogue that the caller has seen; nil for any.
    ///   - actor: who does it.
    /// - Throws: `.notFound` when there is no model of this id, `.unavailable` or `.unrecorded`.
    package func remove(
        _ id: String,
        version: UInt64? = nil,
        by actor: Principal? = nil
    ) throws(RegistryError) {
        let key = ModelRegistry.key(id)
        guard let model = catalogue.models.first(where: { ModelRegistry.key($0.id) == key }) else {
            throw .notFound
        }
        try save([.removed(model.id)], version, "models.deleted", actor)
    }

    /// Lays what is stored over another catalogue: its file has changed.
    ///
    /// - Throws: `.invalid` when both together have too many models; then nothing has changed.
    package func rebase(on base: ModelCatalogue) throws(RegistryError) {
        try changing.withLock { (_) throws(RegistryError) in
            let stored = state.withLock { $0.stored }
            let catalogue = try ModelRegistry.merge(base, stored)
            publish(State(base: base, stored: stored, catalogue: catalogue))
        }
    }

    /// Stores models, and records it.
    private func save(
        _ models: [StoredModel],
        _ version: UInt64?,
        _ name: String,
        _ actor: Principal?
    ) throws(RegistryError) {
        try changing.withLock { (_) throws(RegistryError) in
            if let version, version != self.version { throw .changedMeanwhile }
            var (base, stored) = state.withLock { ($0.base, $0.stored) }
            for model in models { stored[ModelRegistry.key(model.id)] = model }
            let catalogue = try ModelRegistry.merge(base, stored)
            try save { try store.save(models) }
            let old = self.catalogue
            publish(State(base: base, stored: stored, catalogue: catalogue))
            try note(
                name,
                by: actor?.keyID,
                on: models.map(\.id).joined(separator: ", "),
                fields: ModelRegistry.fields(of: models, unlike: old)
            )
        }
    }

    /// The fields in which models are unlike those of the same ids before.
    private static func fields(
        of models: [StoredModel],
        unlike old: ModelCatalogue
    ) -> [String] {
        var before: [String: Model] = [:]
        for model in old.models { before[key(model.id)] = model }
        var names: [String] = []
        for case .model(let model) in models {
            let fields = model.fields(unlike: before[key(model.id)])
            names += fields.filter { !names.contains($0) }
        }
        return names
    }

    private func publish(_ new: State) {
        state.withLock { $0 = new }
        onChange(new.catalogue)
    }

    /// The models of a catalogue that nothing is stored about, and behind them those that are stored,
    /// whose names count where two share one.
    private static func merge(
        _ base: ModelCatalogue,
        _ stored: [String: StoredModel]
    ) throws(RegistryError) -> ModelCatalogue {
        var models = base.models.filter { stored[key($0.id)] == nil }
        for key in stored.keys.sorted() {
            if case .model(let model) = stored[key] { models.append(model) }
        }
        guard max(models.count, stored.count) <= ModelCatalogue.modelLimit else {
            throw .invalid(
                field: "models",
                "would be more than \(ModelCatalogue.modelLimit)"
            )
        }
        return ModelCatalogue(models)
    }

    /// The id as two of the same model share it: without regard to ASCII case.
    private static func key(_ id: String) -> String {
        String(decoding: id.utf8.map(Text.lowercase), as: UTF8.self)
    }

    // MARK: What may be a model

    /// Refuses a model that no request could name, or whose texts are too long.
    package static func check(_ model: Model, at path: String) throws(RegistryError) {
        try check(model.id, .model, path + ".id")
        try check(model.provider, .provider, path + ".provider")
        try checkCount(model.aliases.count, path + ".aliases")
        for (index, alias) in model.aliases.enumerated() {
            try check(alias, .model, path + ".aliases[\(index)]")
        }
        if let output = model.maximumOutput, output > Charge.highestTokens {
            throw .invalid(
                field: path + ".max_output_tokens",
                "must be at most \(Charge.highestTokens)"
            )
        }
        try checkCount(model.suppliers.count, path + ".suppliers")
        for (index, supplier) in model.suppliers.enumerated() {
            try check(supplier.name, .supplier, path + ".suppliers[\(index)].name")
            guard !supplier.region.isEmpty else { continue }
            try check(supplier.region, .region, path + ".suppliers[\(index)].region")
        }
    }

    private static func check(
        _ name: String,
        _ field: CheckRequest.Field,
        _ path: String
    ) throws(RegistryError) {
        let bytes = Array(name.utf8)
        guard (1...field.limit).contains(bytes.count), Text.isValid(bytes.span) else {
            throw .invalid(field: path, "must be 1 to \(field.limit) bytes of text")
        }
    }

    private static func checkCount(_ count: Int, _ path: String) throws(RegistryError) {
        guard count <= nameCountLimit else {
            throw .invalid(field: path, "must have at most \(nameCountLimit) entries")
        }
    }
}
