internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("Managing models")
struct ModelRegistryTests {
    private let store = InMemoryModels()
    private let base = ModelCatalogue([
        Model(id: "one", provider: "base"), Model(id: "two", provider: "base", aliases: ["zwei"]),
    ])

    private func provider(_ name: String, _ registry: ModelRegistry) -> String? {
        let bytes = Array(name.utf8)
        return registry.catalogue.model(named: bytes.span)?.provider
    }

    @Test("what is put wins over the base, without regard to case, and survives a new start")
    func put() throws {
        let registry = try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        try registry.put([Model(id: "ONE", provider: "mine"), Model(id: "new", provider: "mine")])
        for registry in [
            registry, try ModelRegistry(base: base, store: store, actions: InMemoryActions()),
        ] {
            #expect(provider("one", registry) == "mine")
            #expect(provider("new", registry) == "mine")
            #expect(provider("zwei", registry) == "base")
            #expect(registry.catalogue.models.count == 3)
        }
    }

    @Test("what is removed stays removed over every base, until it is put again")
    func remove() throws {
        let registry = try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        try registry.remove("TWO")
        #expect(throws: RegistryError.notFound) { try registry.remove("two") }
        #expect(throws: RegistryError.notFound) { try registry.remove("zwei") }
        let again = try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        try again.rebase(on: ModelCatalogue([Model(id: "Two", provider: "other")]))
        #expect(provider("two", again) == nil)
        try again.put([Model(id: "two", provider: "mine")])
        #expect(provider("two", again) == "mine")
    }

    @Test("a new base takes the place of the old one under what was put")
    func rebase() throws {
        let registry = try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        try registry.put([Model(id: "one", provider: "mine")])
        try registry.rebase(
            on: ModelCatalogue([
                Model(id: "one", provider: "other"), Model(id: "three", provider: "other"),
            ])
        )
        #expect(registry.catalogue.models.map(\.id).sorted() == ["one", "three"])
        #expect(provider("one", registry) == "mine")
    }

    @Test("each new catalogue is told, and one that could not be kept is not")
    func told() throws {
        let told = Mutex<[Int]>([])
        let registry = try ModelRegistry(base: base, store: store, actions: InMemoryActions()) {
            catalogue in
            told.withLock { $0.append(catalogue.models.count) }
        }
        try registry.put([Model(id: "new", provider: "mine")])
        try registry.remove("one")
        store.breaks(true)
        #expect(throws: RegistryError.unavailable) {
            try registry.put([Model(id: "newer", provider: "mine")])
        }
        #expect(throws: RegistryError.unavailable) {
            try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        }
        #expect(told.withLock { $0 } == [3, 2])
        #expect(registry.catalogue.models.count == 2)
    }

    @Test("more models than are taken are refused, wherever they come from")
    func tooMany() throws {
        let many = (0..<ModelCatalogue.modelLimit).map { Model(id: "m\($0)", provider: "p") }
        let full = ModelCatalogue(many)
        let registry = try ModelRegistry(base: full, store: store, actions: InMemoryActions())
        #expect(throws: RegistryError.self) {
            try registry.put([Model(id: "one more", provider: "p")])
        }
        try registry.put([Model(id: "m7", provider: "mine")])
        #expect(try store.storedModels().count == 1)
        let small = try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        #expect(throws: RegistryError.self) {
            try small.rebase(on: ModelCatalogue(many.dropLast() + [Model(id: "x", provider: "p")]))
            try small.put([Model(id: "y", provider: "p"), Model(id: "z", provider: "p")])
        }
    }

    @Test("a model that no request could name is refused with its field")
    func bad() throws {
        let registry = try ModelRegistry(base: base, store: store, actions: InMemoryActions())
        let long = String(repeating: "x", count: 257)
        let rows: [(Model, String)] = [
            (Model(id: "", provider: "p"), "models[0].id"),
            (Model(id: long, provider: "p"), "models[0].id"),
            (Model(id: "a", provider: "p\u{0}"), "models[0].provider"),
            (Model(id: "a", provider: "p", aliases: ["b", long]), "models[0].aliases[1]"),
            (
                Model(id: "a", provider: "p", aliases: Array(repeating: "b", count: 65)),
                "models[0].aliases"
            ),
            (
                Model(id: "a", provider: "p", suppliers: [ModelSupplier(name: "s", region: long)]),
                "models[0].suppliers[0].region"
            ),
        ]
        for (model, field) in rows {
            let error = #expect(throws: RegistryError.self) { try registry.put([model]) }
            guard case .invalid(field, _)? = error else {
                Issue.record("\(field): \(String(describing: error))")
                continue
            }
        }
        #expect(try store.storedModels().isEmpty)
    }
}
