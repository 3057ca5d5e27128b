internal import Testing
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("Suppliers in the store")
struct SupplierStoreTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open() throws -> Store {
        try Store(directory: directory.path("data"), options: Samples.options)
    }

    private func registry(_ store: Store, pepper: String) throws -> SupplierRegistry {
        try SupplierRegistry(
            store: store,
            box: try SecretBox(try Pepper(text: String(repeating: pepper, count: 32))),
            time: SystemTime(after: store.lastTime),
            actions: InMemoryActions()
        )
    }

    private func changes(credential: String) -> SupplierChanges {
        var changes = SupplierChanges()
        changes.provider = "openai"
        changes.baseURL = "https://host.test/v1"
        changes.credential = .some(.init(form: .bearer, value: credential))
        return changes
    }

    @Test("are there after a restart with their credentials, and gone when they were forgotten")
    func restart() throws {
        let secret = "sk-canary-canary"
        do {
            let store = try open()
            let registry = try registry(store, pepper: "5a")
            let entries = ["a", "b"].map { (name: $0, changes: changes(credential: secret)) }
            _ = try registry.put(entries, version: nil, by: nil)
            try registry.remove("b", version: nil, by: nil)
            store.close()
        }
        let store = try open()
        let again = try registry(store, pepper: "5a")
        #expect(again.records.map(\.name) == ["a"])
        #expect(again.catalogue["a"]?.header?.value == "Bearer \(secret)")
        #expect(try store.storedSuppliers().first?.credential?.box.isEmpty == false)
    }

    @Test("of another pepper are in no catalogue until they have a credential again")
    func otherPepper() throws {
        let store = try open()
        _ = try registry(store, pepper: "5a")
            .put([("a", changes(credential: "one"))], version: nil, by: nil)
        let other = try registry(store, pepper: "5b")
        #expect(other.unreadable == ["a"])
        #expect(other.catalogue["a"] == nil)
        var change = SupplierChanges()
        change.credential = .some(.init(form: .bearer, value: "two"))
        _ = try other.update("a", version: nil, change, by: nil)
        #expect(other.catalogue["a"]?.header?.value == "Bearer two")
        #expect(other.unreadable.isEmpty)
    }

    @Test("A credential that was put back by hand, or moved to another supplier, does not open")
    func movedBoxes() throws {
        let store = try open()
        let first = try registry(store, pepper: "5a")
        _ = try first.put(
            [("a", changes(credential: "one")), ("b", changes(credential: "two"))],
            version: nil,
            by: nil
        )
        var (a, b) = (try first.supplier("a"), try first.supplier("b"))
        (a.credential, b.credential) = (b.credential, a.credential)
        try store.save([a, b])
        #expect(try registry(store, pepper: "5a").unreadable == ["a", "b"])
    }
}
